import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLuksUuid } from '../../../src/disk/luks.ts';
import { factsOf, readLuksHeader, uuidIn } from '../../../src/disk/luks-header.ts';
import { assertTrusted } from '../../../src/disk/luks-trust.ts';
import { startProgram } from '../../../src/system/command.ts';
import { changeLuks2 } from '../../fakes/luks2-image.ts';

const cryptsetup = '/usr/sbin/cryptsetup';
let directory: string;
let key: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'extbackup-header-'));
  key = join(directory, 'key');
  await writeFile(key, 'ab'.repeat(64));
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function image(name: string, ...options: string[]): Promise<string> {
  const file = join(directory, name);
  await writeFile(file, '');
  await truncate(file, 32 * 1024 ** 2);
  await start('luksFormat', '--batch-mode', '--key-file', key, ...options, file);
  return file;
}

/** cryptsetup measures the processor for seconds unless it is told the iterations. */
const quick = (iterations: number): string[] => ['--pbkdf-force-iterations', String(iterations)];

const start = (...args: string[]) => startProgram({ file: cryptsetup, args, timeoutMs: 60_000, accept: [1, 2] });
const opens = async (file: string): Promise<boolean> =>
  (await start('open', '--test-passphrase', '--key-file', key, file)).exitCode === 0;

describe('readLuksHeader, of volumes that cryptsetup made', () => {
  it.each([
    [
      'of our own options',
      ['--type', 'luks2', '--cipher', 'aes-xts-plain64', '--key-size', '512', '--pbkdf-memory', '65536', ...quick(4)],
      2,
      'aes-xts-plain64',
    ],
    ['of cryptsetup alone', ['--type', 'luks2', '--pbkdf', 'pbkdf2', ...quick(1000)], 2, 'aes-xts-plain64'],
    [
      'of the tutorial',
      ['--type', 'luks1', '--cipher', 'aes-xts-plain64', '--key-size', '512', '--hash', 'sha256', ...quick(1000)],
      1,
      'aes-xts-plain64',
    ],
  ] as const)('believes one %s', async (name, options, version, cipher) => {
    const file = await image(name.replaceAll(' ', '-'), ...options);
    const header = await readLuksHeader(startProgram, file);
    expect(header).toMatchObject({ version, cipher });
    const uuid = uuidIn(await readFile(file));
    expect(uuid).toMatch(/^[0-9a-f-]{36}$/);
    expect(await readLuksUuid(startProgram, file)).toBe(uuid);
    expect(() => {
      assertTrusted('BACKUP_1', header, header && factsOf(header));
    }).not.toThrow();
  });

  it('refuses one whose encryption was switched off without the key, though the key still opens it', async () => {
    const file = await image('switched-off', '--type', 'luks2', '--pbkdf', 'pbkdf2', ...quick(1000));
    const before = await readLuksHeader(startProgram, file);
    await changeLuks2(file, (json) =>
      json.replace(/("segments".*?"encryption":")aes-xts-plain64/s, '$1cipher_null-ecb'),
    );
    expect(await opens(file)).toBe(true); // cryptsetup has nothing against it
    const header = await readLuksHeader(startProgram, file);
    expect(() => {
      assertTrusted('BACKUP_1', header);
    }).toThrow('which is no encryption');
    expect(() => {
      assertTrusted('BACKUP_1', header, before && factsOf(before));
    }).toThrow('which is no encryption');
  });

  it('keeps the facts of a volume that gets another keyslot, and changes them with the volume key', async () => {
    const file = await image('facts', '--type', 'luks2', '--pbkdf', 'pbkdf2', ...quick(1000));
    const other = join(directory, 'other');
    await writeFile(other, 'cd'.repeat(64));
    const before = await readLuksHeader(startProgram, file);
    await start('luksAddKey', '--batch-mode', '--key-file', key, '--pbkdf', 'pbkdf2', ...quick(1000), file, other);
    const after = await readLuksHeader(startProgram, file);
    expect(after?.keyslots).toHaveLength(2);
    expect(after && factsOf(after)).toEqual(before && factsOf(before));
    const again = await readLuksHeader(
      startProgram,
      await image('facts', '--type', 'luks2', '--pbkdf', 'pbkdf2', ...quick(1000)),
    );
    expect(again?.volumeKey).not.toBe(before?.volumeKey);
  });

  it('finds none on an empty device', async () => {
    const file = join(directory, 'empty');
    await writeFile(file, Buffer.alloc(1024 ** 2));
    expect(await readLuksHeader(startProgram, file)).toBeUndefined();
  });
});
