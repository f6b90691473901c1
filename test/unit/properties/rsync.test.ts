import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseLogLine } from '../../../src/history/change-log.ts';
import { changeFormat, newMark, parseChange } from '../../../src/history/change.ts';
import {
  createLineSplitter,
  parseProgress,
  parseRegularFiles,
  parseSkippedDeletions,
  parseStats,
} from '../../../src/rsync/output.ts';
import { anyText, damaged } from './hostile-text.ts';
import { runs } from '../../property-runs.ts';

const grouped = (count: number): string => count.toLocaleString('en-US');
const isCount = (value: number): boolean => Number.isFinite(value) && value >= 0;

const progress = fc.record({
  bytes: fc.nat({ max: 2 ** 31 - 1 }),
  percent: fc.nat({ max: 100 }),
  hours: fc.nat({ max: 999 }),
  minutes: fc.nat({ max: 59 }),
  seconds: fc.nat({ max: 59 }),
  files: fc.nat(),
  left: fc.nat(),
});
const progressText = progress.map(
  ({ bytes, percent, hours, minutes, seconds, files, left }) =>
    `  ${grouped(bytes)}  ${percent}%   12.34MB/s    ${hours}:${String(minutes).padStart(2, '0')}:${String(seconds).padStart(2, '0')} (xfr#${files}, to-chk=${left}/${left})`,
);

test('progress: figures are within bounds, whatever the line is', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        anyText,
        progressText,
        damaged(progressText),
        fc.stringMatching(/^ *[\d,.]{1,400} +\d{1,3}% +x +\d{1,400}:\d\d:\d\d$/),
      ),
      (line) => {
        const seen = parseProgress(line);
        if (!seen) return;
        expect(isCount(seen.bytes) && isCount(seen.files ?? 0)).toBe(true);
        expect(isCount(seen.percent ?? 0) && (seen.percent ?? 0) <= 100).toBe(true);
        expect(isCount(seen.passed ?? 0) && (seen.passed ?? 0) <= 100).toBe(true);
      },
    ),
  );
});

test('statistics: each figure is a count, and what rsync wrote is what is read', () => {
  const wild = fc
    .tuple(
      fc.constantFrom('Number of files: ', 'Total file size: ', 'Number of deleted files: ', 'Total bytes received: '),
      fc.stringMatching(/^[\d,.]{1,400}/),
      fc.constantFrom('', ' bytes', ' (reg: 1, dir: 9)'),
    )
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(fc.oneof(anyText, wild), (text) => {
      for (const figure of Object.values<number>({ ...parseStats(text) })) expect(isCount(figure)).toBe(true);
      expect(isCount(parseRegularFiles(text))).toBe(true);
    }),
  );
  fc.assert(
    fc.property(fc.nat(), fc.nat(), (files, bytes) => {
      expect(
        parseStats(`Number of files: ${grouped(files)} (reg: 1)\nTotal file size: ${grouped(bytes)} bytes\n`),
      ).toMatchObject({ filesTotal: files, bytesTotal: bytes });
    }),
  );
});

test('skipped deletions: a count, whatever stands around it', () => {
  fc.assert(
    fc.property(anyText, fc.stringMatching(/^[\d,.]{1,400}$/), anyText, (before, digits, after) => {
      expect(
        isCount(
          parseSkippedDeletions(
            `${before}\nDeletions stopped due to --max-delete limit (${digits} skipped)\n${after}`,
            25,
          ),
        ),
      ).toBe(true);
    }),
  );
  fc.assert(
    fc.property(fc.nat(), (count) => {
      expect(parseSkippedDeletions(`Deletions stopped due to --max-delete limit (${grouped(count)} skipped)`, 25)).toBe(
        count,
      );
    }),
  );
});

/** A name as rsync prints it. */
const printed = fc.stringMatching(/^[^/\n\r|]{1,30}$/).filter((name) => name !== '.' && name !== '..');

test('itemised changes: a path, a kind and a size, or nothing', () => {
  expect(changeFormat('!m')).toBe('!m%i|%l|%b|%n!m');
  const line = fc
    .tuple(
      fc.constantFrom('>f+++++++++', '>f.st......', 'cd+++++++++', '*deleting  ', 'hf+++++++++', '.f...p.....'),
      fc.nat(),
      printed,
    )
    .map(([flags, size, path]) => `${flags}|${size}|0|${path}`);
  fc.assert(
    fc.property(fc.oneof(anyText, line, damaged(line), fc.stringMatching(/^>f\+{9}\|\d{1,400}\|1\|a$/)), (text) => {
      const change = parseChange(text);
      if (!change) return;
      expect(['created', 'changed', 'deleted', 'attributes']).toContain(change.kind);
      expect(isCount(change.size)).toBe(true);
      expect(change.path).not.toBe('');
    }),
  );
  fc.assert(
    fc.property(printed, fc.nat(), (path, size) => {
      expect(parseChange(`>f+++++++++|${size}|0|${path}`)).toEqual({ kind: 'created', isDirectory: false, path, size });
    }),
  );
});

const mark = newMark();
test.each([
  ['as rsync logged', '2026/11/24 06:25:00 [123] ', '', '', {}],
  ['as rsync prints', mark, '12|44|', mark, { mark }],
])(
  'the change log, %s, never leads out of the mirror, and gives back every byte of a name',
  (_kind, before, sizes, after, header) => {
    const path = fc
      .array(
        fc.oneof(fc.constantFrom('..', '.', '/', '\\#056', '\\#057', '\\#000', 'a', '\n'), fc.string({ maxLength: 4 })),
        { maxLength: 8 },
      )
      .map((parts) => parts.join(''));
    const line = fc
      .tuple(fc.constantFrom('>f+++++++++', 'cd+++++++++', '*deleting  '), path)
      .map(([flags, name]) => `${before}${flags}|${sizes}${name}${after}`);
    fc.assert(
      fc.property(fc.oneof(anyText, line, damaged(line)), (text) => {
        const change = parseLogLine(text, header);
        if (!change) return;
        const names = change.path.toString('latin1').split('/');
        expect(names).not.toContain('..');
        expect(change.path.includes(0)).toBe(false);
        expect(change.path.length).toBeGreaterThan(0);
        expect(change.path[0]).not.toBe(0x2f);
      }),
      runs(1000),
    );
    for (const name of ['\\#056\\#056/etc/passwd', 'a/\\#056./b', '\\#057etc', 'a\\#000'])
      expect(parseLogLine(`${before}>f+++++++++|${sizes}${name}${after}`, header)).toBeUndefined();
    const bytes = fc
      .uint8Array({ min: 1, max: 255, minLength: 1, maxLength: 20 })
      .filter((name) => !name.includes(0x2f) && !['.', '..'].includes(Buffer.from(name).toString('latin1')));
    fc.assert(
      fc.property(bytes, (name) => {
        const escaped = [...name]
          .map((byte, index) =>
            byte < 0x20 || byte >= 0x7f || (byte === 0x5c && name[index + 1] === 0x23)
              ? `\\#${byte.toString(8).padStart(3, '0')}`
              : String.fromCharCode(byte),
          )
          .join('');
        expect(parseLogLine(`${before}>f+++++++++|${sizes}${escaped}${after}`, header)).toEqual({
          kind: 'created',
          isDirectory: false,
          path: Buffer.from(name),
        });
      }),
    );
  },
);

test('lines come out whole, in whatever pieces they come in', () => {
  fc.assert(
    fc.property(
      fc.array(fc.stringMatching(/^[^\r\n]{1,20}$/)),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
      (lines, sizes) => {
        const seen: string[] = [];
        const split = createLineSplitter((line) => {
          seen.push(line);
        });
        let text = lines.map((line) => `${line}\n`).join('');
        for (let piece = 0; text !== ''; piece += 1) {
          const size = sizes[piece % sizes.length] ?? 1;
          split(text.slice(0, size));
          text = text.slice(size);
        }
        expect(seen).toEqual(lines);
      },
    ),
  );
});
