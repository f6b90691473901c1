import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildRecoverySheet, type SheetFacts } from '../../../src/drives/recovery-sheet.ts';
import { sheetAsHtml, sheetAsText } from '../../../src/drives/recovery-sheet-text.ts';
import { deriveKey } from '../../../src/keys/derivation.ts';
import { runCommand } from '../../../src/system/command.ts';
import { Secret } from '../../../src/system/secret.ts';
import { aRecord, someUuid } from '../../unit/drives/devices.ts';

const password = 'grüne Äpfel';
const salt = '00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff';
const scrypt: SheetFacts['config'] = { source: 'extbackup@backup.example.org', key: { derivation: 'scrypt', scrypt: { N: 16384, r: 8, p: 1 } } };
const sha512: SheetFacts['config'] = { ...scrypt, key: { derivation: 'sha512' } };
const facts: SheetFacts = { station: 'station', config: scrypt, drives: [aRecord()], salt: undefined, printedAt: new Date('2026-01-01T12:00:00Z') };

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
    const program = pythonIn(sheetAsText(buildRecoverySheet({ ...facts, config, salt: printedSalt }))).replace('/mnt/recovery-key', directory);
    const file = join(directory, 'make.py');
    await writeFile(file, program);
    await runCommand({ file: '/usr/bin/setsid', args: ['--wait', '/usr/bin/python3', file], stdin: `${printedSalt === undefined ? `${realSalt}\n` : ''}${password}\n`, timeoutMs: 30_000 });
    const key = await deriveKey(config.key, new Secret(Buffer.from(password)), realSalt);
    expect(await readFile(join(directory, 'key'), 'utf8')).toBe(key.reveal().toString());
  });
});

describe('the sheet', () => {
  it('has no salt unless asked', () => {
    expect(sheetAsText(buildRecoverySheet(facts))).not.toContain(salt);
    expect(sheetAsHtml(buildRecoverySheet({ ...facts, salt }))).toContain(salt);
  });

  it('opens each disk that is not lost by its id, read-only', () => {
    const drives = [aRecord(), aRecord({ label: 'OLD', luksUuid: 'old-id', state: 'retired', mirror: 'remotebackup' }), aRecord({ label: 'GONE', luksUuid: 'gone-id', state: 'lost' })];
    const text = sheetAsText(buildRecoverySheet({ ...facts, drives }));
    expect(text.match(/cryptsetup open --readonly .*/g)).toEqual([someUuid, 'old-id'].map((uuid) => `cryptsetup open --readonly --key-file /mnt/recovery-key/key /dev/disk/by-uuid/${uuid} recovery`));
    expect(text).toContain('cp -a /mnt/recovery/remotebackup/. /srv/restored/');
  });

  it('escapes what means something in HTML', () => {
    const html = sheetAsHtml(buildRecoverySheet({ ...facts, station: '<b>&' }));
    expect(html).toContain('&lt;b&gt;&amp;');
    expect(html).not.toContain('<b>');
  });
});

it.each(['/usr/bin/dash', '/usr/bin/bash'])('an earlier date is laid over the copy by %s, and what came later is listed', async (shell) => {
  const root = await mkdtemp(join(tmpdir(), 'extbackup-sheet-'));
  const put = async (path: string, content: string): Promise<void> => {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  };
  await put('restored/docs/letter', 'third');
  await put('restored/docs/later', 'later');
  await put('disk/history/20260110T070000Z/docs/letter', 'first');
  await put('disk/history/20260120T070000Z/docs/letter', 'second');
  await put('disk/history/20260120T070000Z/docs/a gone one', 'deleted');
  await put('disk/.extbackup/history/20260105T070000Z.log', '2026/01/05 07:00:00 [1] >f+++++++++|docs/letter\n');
  await put('disk/.extbackup/history/20260120T070000Z.log', '2026/01/20 07:00:00 [1] cd+++++++++|docs/\n2026/01/20 07:00:00 [1] >f+++++++++|docs/later\n2026/01/20 07:00:00 [1] >f.st......|docs/letter\n');
  const section = buildRecoverySheet(facts).sections.find(({ heading }) => heading.includes('earlier date'));
  const commands = section?.blocks.flatMap((block) => ('commands' in block ? [block.commands] : [])).join('\n') ?? '';
  await writeFile(join(root, 'typed'), commands.replace(/^at=.*/, 'at=20260115T120000Z').replaceAll('/mnt/recovery', join(root, 'disk')).replaceAll('/srv', root));
  await runCommand({ file: shell as `/${string}`, args: ['-eu', join(root, 'typed')], timeoutMs: 30_000 });
  expect(await readFile(join(root, 'restored/docs/letter'), 'utf8')).toBe('second');
  expect(await readFile(join(root, 'restored/docs/a gone one'), 'utf8')).toBe('deleted');
  expect(await readFile(join(root, 'came-later.txt'), 'utf8')).toBe('docs/\ndocs/later\n');
  await rm(root, { recursive: true });
});

/** The program between the marks, as somebody would type it. */
function pythonIn(text: string): string {
  const program = /<<'END'\n([^]*?)\n {4}END\n/.exec(text)?.[1];
  if (program === undefined) throw new Error('the sheet has no program');
  return program.split('\n').map((line) => line.slice(4)).join('\n');
}
