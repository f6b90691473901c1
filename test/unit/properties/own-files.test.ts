import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { comparePaths, entrySchema, keyOf, splitKey } from '../../../src/verify/checksum-entry.ts';
import { driveRecordSchema, sealSchema, type DriveRecord } from '../../../src/records/drive-record.ts';
import { mergeDrives, parseRegistry, renderRegistry } from '../../../src/records/registry-file.ts';
import { parseHistoryName } from '../../../src/history/history-entry.ts';
import { readRotationMemory } from '../../../src/records/rotation-memory.ts';
import { parseRuns } from '../../../src/records/run-log.ts';
import { statusSchema } from '../../../src/protocol/status.ts';
import { type RunRecord } from '../../../src/records/run-record.ts';
import { runRecordSchema } from '../../../src/records/run-record.ts';
import { openAttachMemory } from '../../../src/records/attach-memory.ts';
import { parseSpoolNote } from '../../../src/protocol/spool-note.ts';
import { anyJsonText, anyText, damaged, iso, label } from './hostile-text.ts';
import { runs } from '../../property-runs.ts';

let file = '';
beforeAll(async () => {
  file = join(await mkdtemp(join(tmpdir(), 'own-files-')), 'file');
});
afterAll(() => rm(join(file, '..'), { recursive: true }));

const drive: fc.Arbitrary<DriveRecord> = fc
  .record({
    label,
    luksUuid: fc.uuid(),
    sealedId: fc.uuid(),
    generation: fc.nat(),
    enrolledAt: iso,
    state: fc.constantFrom('active', 'retired', 'lost'),
    runs: fc.nat(),
    lastRun: fc.option(iso),
  })
  .map((fields) => driveRecordSchema.parse(fields));
const drives = fc.array(drive, { maxLength: 5 }).map((records) => mergeDrives(records, []));

test('the list of disks: what is written is what is read', () => {
  fc.assert(
    fc.property(
      drives,
      fc.dictionary(
        fc.stringMatching(/^[a-z]{1,8}$/).filter((key) => key !== 'drives' && key !== 'version'),
        fc.nat(),
        { noNullPrototype: true },
      ),
      (records, more) => {
        const copy = parseRegistry(renderRegistry(records, more));
        expect(copy).toMatchObject({ state: 'good', drives: records, rest: more });
      },
    ),
  );
});

test('the list of disks: damage is never taken for a good list with other disks, and no record is made up', () => {
  fc.assert(
    fc.property(fc.oneof(anyJsonText, damaged(drives.map((records) => renderRegistry(records)))), (text) => {
      const copy = parseRegistry(text);
      expect(['good', 'damaged', 'newer']).toContain(copy.state);
      for (const record of copy.drives) expect(driveRecordSchema.safeParse(record).success).toBe(true);
      if (copy.state !== 'good')
        expect(new Set(copy.drives.map((record) => record.label)).size).toBe(copy.drives.length);
    }),
  );
});

test('the list of disks: torn anywhere, each record that is whole comes back', () => {
  fc.assert(
    fc.property(drives, fc.nat(), (records, place) => {
      const text = renderRegistry(records);
      const torn = text.slice(0, place % text.length);
      const whole = records.filter(
        (record) =>
          torn.includes(`${JSON.stringify(record, null, 2).replace(/\n/g, '\n    ')}\n`) ||
          torn.includes(`${JSON.stringify(record, null, 2).replace(/\n/g, '\n    ')},\n`),
      );
      for (const record of whole) expect(parseRegistry(torn).drives).toContainEqual(record);
    }),
  );
});

const run: fc.Arbitrary<RunRecord> = fc
  .record({
    id: fc.uuid(),
    drive: label,
    startedAt: iso,
    endedAt: iso,
    outcome: fc.constantFrom('success', 'gaps', 'failure'),
    exitCode: fc.nat({ max: 130 }),
    message: anyText,
    tookMs: fc.nat(),
  })
  .map((fields) => runRecordSchema.parse({ ...fields, trigger: 'plug', code: null, released: true }));

test('past runs: each good line is read, whatever stands between', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(
          run,
          anyJsonText.map((text) => text.replace(/\n/g, ' ')),
        ),
      ),
      (lines) => {
        const text = lines.map(([record, rubbish]) => `${JSON.stringify(record)}\n${rubbish}\n`).join('');
        expect(parseRuns(text).filter(({ id }) => lines.some(([record]) => record.id === id))).toEqual(
          lines.map(([record]) => record),
        );
      },
    ),
  );
});

test('status and seal: nothing but a whole one is taken', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      const content: unknown = JSON.parse(text);
      for (const schema of [statusSchema, sealSchema]) {
        const { success, data } = schema.safeParse(content);
        if (success) expect(data.version).toBe(1);
      }
    }),
  );
});

test('spool: a name and a content from anybody become a note of ours or nothing', () => {
  const name = fc.oneof(
    anyText,
    fc
      .tuple(fc.constantFrom('udev.add.', 'udev.remove.', 'request.', 'key.', 'restart.'), anyText)
      .map((parts) => parts.join('')),
    fc.uuid().map((id) => `request.${id}.json`),
    fc
      .tuple(fc.stringMatching(/^\d{0,20}$/), fc.stringMatching(/^[a-z0-9!._-]{0,40}$/))
      .map(([seq, device]) => `udev.add.${seq}.${device}`),
  );
  fc.assert(
    fc.property(name, anyJsonText, (from, content) => {
      const note = parseSpoolNote(from, content);
      if (note?.kind === 'udev') {
        expect(note.device).toMatch(/^[a-z0-9!_-]+$/);
        expect(Number.isSafeInteger(note.diskseq ?? 0)).toBe(true);
      }
      if (note?.kind === 'request') expect(note.request.id).toMatch(/^[A-Za-z0-9-]{4,64}$/);
    }),
  );
  const request = fc.record({
    version: fc.constant(1),
    kind: fc.constant('run'),
    id: fc.uuid(),
    drive: fc.option(label),
    scheduled: fc.boolean(),
  });
  fc.assert(
    fc.property(request, (wish) => {
      expect(parseSpoolNote(`request.${wish.id}.json`, JSON.stringify(wish))).toEqual({
        kind: 'request',
        request: wish,
      });
    }),
  );
});

test('names in the history: a time that can be used, or none', () => {
  fc.assert(
    fc.property(fc.oneof(anyText, fc.stringMatching(/^\d{4}-?\d\d-?\d\dT\d\d:?\d\d:?\d\d(\.\d+)?Z$/)), (name) => {
      const at = parseHistoryName(name);
      if (at) expect(Number.isFinite(at.getTime())).toBe(true);
    }),
  );
});

const quick = runs(15);

test('attaches and memory of the rotation: any file is read, and written anew', async () => {
  await fc.assert(
    fc.asyncProperty(anyJsonText, fc.uuid(), fc.nat(), async (text, luksUuid, diskseq) => {
      await writeFile(file, text);
      expect(await readRotationMemory(file)).toMatchObject({ version: 1 });
      const failures: unknown[] = [];
      const attaches = await openAttachMemory(file, 'boot', (error) => {
        failures.push(error);
      });
      await attaches.note({ luksUuid, diskseq }, 'started');
      const again = await openAttachMemory(file, 'boot', (error) => {
        failures.push(error);
      });
      expect([again.stateOf({ luksUuid, diskseq }), failures]).toEqual(['started', []]);
      expect(
        (await openAttachMemory(file, 'next boot', () => undefined)).stateOf({ luksUuid, diskseq }),
      ).toBeUndefined();
    }),
    quick,
  );
});

test('checksums: no key that is taken leads out of the mirror, and keys have one order', () => {
  const part = fc.oneof(
    fc.constantFrom('..', '.', '', 'a', 'a.b', 'ab'),
    fc.string({ unit: 'binary-ascii', maxLength: 4 }),
  );
  const path = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'));
  const key = fc
    .tuple(
      path,
      fc.option(fc.oneof(fc.constantFrom('zzzzzz', '00000g', '-00001'), fc.string({ maxLength: 7 })), {
        nil: undefined,
      }),
    )
    .map(([text, piece]) => (piece === undefined ? text : `${text}\0${piece}`));
  const entry = fc.record({
    path: key,
    size: fc.nat(),
    mtimeNs: fc.nat().map(String),
    sha256: fc.stringMatching(/^[0-9a-f]{64}$/),
  });
  fc.assert(
    fc.property(
      fc.oneof(
        entry,
        fc.json().map((text) => JSON.parse(text) as unknown),
      ),
      (content) => {
        const { data } = entrySchema.safeParse(content);
        if (data === undefined) return;
        for (const name of splitKey(data.path).path.split('/')) expect(['', '.', '..']).not.toContain(name);
        expect(splitKey(data.path).piece).not.toBeNaN();
      },
    ),
  );
  fc.assert(
    fc.property(
      path.filter((text) => !text.includes('\0')),
      fc.nat({ max: 0xffffff }),
      (text, piece) => {
        expect(splitKey(keyOf(text, piece))).toEqual({ path: text, piece });
      },
    ),
  );
  fc.assert(
    fc.property(path, path, (a, b) => {
      expect(Math.sign(comparePaths(a, b))).toBe(0 - Math.sign(comparePaths(b, a)));
    }),
  );
});
