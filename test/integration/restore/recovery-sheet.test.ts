import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildRecoverySheet, type SheetFacts } from '../../../src/restore/recovery-sheet.ts';
import { sheetAsHtml, sheetAsText } from '../../../src/restore/recovery-sheet-text.ts';
import { changeFormat } from '../../../src/history/change.ts';
import { beginLog } from '../../../src/history/log-header.ts';
import { deriveKey } from '../../../src/keys/derivation.ts';
import { startProgram } from '../../../src/system/command.ts';
import { Secret } from '../../../src/system/secret.ts';
import { aRecord, someUuid } from '../../unit/disk/devices.ts';

const password = 'grüne Äpfel';
const salt = '00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff';
const scrypt: SheetFacts['config'] = {
  source: 'extbackup@backup.example.org',
  key: { derivation: 'scrypt', scrypt: { N: 16384, r: 8, p: 1 } },
};
const sha512: SheetFacts['config'] = { ...scrypt, key: { derivation: 'sha512' } };
const facts: SheetFacts = {
  station: 'station',
  config: scrypt,
  drives: [aRecord()],
  salt,
  previous: { version: 1, keys: [], pending: [] },
  withSalt: false,
  printedAt: new Date('2026-01-01T12:00:00Z'),
};

describe('the key that the sheet builds with python3', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'extbackup-sheet-'));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  it.each([
    ['scrypt, salt typed', scrypt, salt, undefined],
    ['scrypt, salt on the sheet', scrypt, salt, salt],
    ['sha512, odd salt on the sheet', sha512, 'it\'s "$HOME" \\n', 'it\'s "$HOME" \\n'],
    ['sha512, salt typed', sha512, 'pepper', undefined],
  ])('is the one that extbackup builds: %s', async (_, config, realSalt, printedSalt) => {
    const [program = ''] = programsIn(
      sheetAsText(buildRecoverySheet({ ...facts, config, salt: realSalt, withSalt: printedSalt !== undefined })),
    );
    const file = join(directory, 'make.py');
    await writeFile(file, program.replace('/mnt/recovery-key', directory));
    await startProgram({
      file: '/usr/bin/setsid',
      args: ['--wait', '/usr/bin/python3', file],
      stdin: `${printedSalt === undefined ? `${realSalt}\n` : ''}${password}\n`,
      timeoutMs: 30_000,
    });
    const key = await deriveKey(config.key, new Secret(Buffer.from(password)), realSalt);
    expect(await readFile(join(directory, 'key'), 'utf8')).toBe(key.reveal().toString());
  });
});

describe('the sheet', () => {
  it('that is printed before the first disk still tells how to open one', () => {
    const text = sheetAsText(buildRecoverySheet({ ...facts, drives: [], withSalt: true }));
    expect(text).toMatch(/cryptsetup open --readonly .* "\$\(blkid -t TYPE=crypto_LUKS [^)]*\)" recovery\n/);
    expect(text).toContain('cp -a /mnt/recovery/backups/. /srv/restored/');
  });

  it('has no salt unless asked', () => {
    expect(sheetAsText(buildRecoverySheet(facts))).not.toContain(salt);
    expect(sheetAsHtml(buildRecoverySheet({ ...facts, withSalt: true }))).toContain(salt);
  });

  it('opens each disk that is not lost by its id, read-only', () => {
    const drives = [
      aRecord(),
      aRecord({ label: 'OLD', luksUuid: 'old-id', state: 'retired', mirror: 'remotebackup' }),
      aRecord({ label: 'GONE', luksUuid: 'gone-id', state: 'lost' }),
    ];
    const text = sheetAsText(buildRecoverySheet({ ...facts, drives }));
    expect(text.match(/cryptsetup open --readonly .*/g)).toEqual(
      [someUuid, 'old-id'].map(
        (uuid) => `cryptsetup open --readonly --key-file /mnt/recovery-key/key /dev/disk/by-uuid/${uuid} recovery`,
      ),
    );
    expect(text).toContain('cp -a /mnt/recovery/remotebackup/. /srv/restored/');
  });

  it('tells how to build the key of before a password change, and which disk may have it', () => {
    const old = {
      settings: { derivation: 'sha512' as const, check: 'checked' },
      salt: 'pepper and salt',
      changedAt: '2025-12-24T10:00:00Z',
    };
    const drives = [aRecord({ label: 'IN_SAFE', luksUuid: 'safe-id' }), aRecord()];
    const text = sheetAsText(
      buildRecoverySheet({
        ...facts,
        drives,
        withSalt: true,
        previous: { version: 1, keys: [old], pending: [{ luksUuid: 'safe-id', label: 'IN_SAFE' }] },
      }),
    );
    expect(text).toMatch(/Salt until 2025-12-24 +pepper and salt\n/);
    expect(programsIn(text)).toEqual([
      expect.stringContaining(`salt = "${salt}"`),
      expect.stringMatching(/salt = "pepper and salt"\n[^]*sha512/),
    ]);
    expect(text).toMatch(/2. Open disk IN_SAFE\n[^#]*have\s+an\s+earlier\s+key/);
    expect(text.match(/may\s+still\s+have\s+an\s+earlier\s+key/g)?.length).toBe(1); // only with that disk
    expect(text).not.toContain('checked');
  });

  it('escapes what means something in HTML', () => {
    const html = sheetAsHtml(buildRecoverySheet({ ...facts, station: '<b>&' }));
    expect(html).toContain('&lt;b&gt;&amp;');
    expect(html).not.toContain('<b>');
  });
});

it.each(['/usr/bin/dash', '/usr/bin/bash'])(
  'an earlier date is laid over the copy by %s, and what came later is listed',
  async (shell) => {
    const root = await mkdtemp(join(tmpdir(), 'extbackup-sheet-'));
    const put = async (path: string, content: string): Promise<void> => {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), content);
    };
    const putLog = async (
      name: string,
      source: string | undefined,
      ...changes: (readonly [item: string, path: string])[]
    ): Promise<void> => {
      const file = join(root, 'disk/.extbackup/history', name);
      const mark = await beginLog(file, source);
      for (const [item, path] of changes)
        await appendFile(
          file,
          `${changeFormat(mark).replace('%i', item).replace('%l', '12').replace('%b', '3').replace('%n', path)}\n`,
        );
      await appendFile(file, `${mark}>f+++++++++|12|3|cut-o`); // by a power cut
    };
    await put('restored/docs/letter', 'third');
    await put('restored/docs/later', 'later');
    await put('disk/history/20260110T070000Z/docs/letter', 'first');
    await put('disk/history/20260120T070000Z/docs/letter', 'second');
    await put('disk/history/20260120T070000Z/docs/a gone one', 'deleted');
    await put('disk/.extbackup/history/20260105T070000Z.log', '2026/01/05 07:00:00 [1] >f+++++++++|docs/letter\n');
    await put(
      'disk/.extbackup/history/20260120T070000Z.log',
      '2026/01/20 07:00:00 [1] cd+++++++++|docs/\n2026/01/20 07:00:00 [1] >f+++++++++|docs/later\n2026/01/20 07:00:00 [1] >f.st......|docs/letter\n',
    );
    await putLog(
      '20260121T070000Z.log',
      undefined,
      ['cd+++++++++', 'odd/'],
      ['>f+++++++++', 'odd/1|2 !0badcafe'],
      ['>f.st......', 'docs/letter'],
      ['*deleting  ', 'docs/gone'],
    );
    await put('disk/.extbackup/history/20260121T070000Z.thinned', '{}');
    await putLog('20260121T070000Z-www.log', 'www', ['>f+++++++++', 'index.html']);
    const section = buildRecoverySheet(facts).sections.find(({ heading }) => heading.includes('earlier date'));
    const commands = section?.blocks.flatMap((block) => ('commands' in block ? [block.commands] : [])).join('\n') ?? '';
    await writeFile(
      join(root, 'typed'),
      commands
        .replace(/^at=.*/m, 'at=20260115T120000Z')
        .replaceAll('/mnt/recovery', join(root, 'disk'))
        .replaceAll('/srv', root),
    );
    const typed = await startProgram({
      file: shell as `/${string}`,
      args: ['-eu', join(root, 'typed')],
      timeoutMs: 30_000,
    });
    expect(typed.stdout).toBe('20260121T070000Z\n'); // the state before it was given up
    expect(await readFile(join(root, 'restored/docs/letter'), 'utf8')).toBe('second');
    expect(await readFile(join(root, 'restored/docs/a gone one'), 'utf8')).toBe('deleted');
    expect(await readFile(join(root, 'came-later.txt'), 'utf8')).toBe(
      'docs/\ndocs/later\nwww/index.html\nodd/\nodd/1|2 !0badcafe\n',
    );
    await rm(root, { recursive: true });
  },
);

/** The programs between the marks, as they stand. */
const programsIn = (text: string): string[] =>
  [...text.matchAll(/<<'END'\n([^]*?)\nEND\n/g)].map(([, program = '']) => program);
