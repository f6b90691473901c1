import { constants } from 'node:fs';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { isThere } from '../system/is-there.ts';
import { Secret } from '../system/secret.ts';
import { isOnRamfs } from './ram-directory.ts';
import { KeyError } from '../errors.ts';
import { type Paths, files } from '../system/paths.ts';

/**
 * The files of extbackup in ramfs: keys, their older or newer versions, and leftovers of an interrupted write. An ssh
 * key may have any name.
 */
const ours = /^\.?(?:(?:luks_pw|id_[a-z0-9]+)(?:\.[\w.-]+)?|.+\.decrypted(?:\.\d+)?)$/;

/**
 * Names that only extbackup uses: in a directory on a disk, any other file may be the only copy of its data.
 */
const onlyOurs = /^(?:\.?luks_pw(?:\.[\w.-]+)?|id_[a-z0-9]+\.decrypted)$/;

/** 128 lower-case hex digits, checked as bytes: a string could not be overwritten. */
const isKey = (bytes: Buffer): boolean =>
  bytes.length === 128 && bytes.every((byte) => (byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x66));

/**
 * Writes a secret to a file in ramfs. The file has mode 0600 from the start, and gets its name only when the content is
 * complete; an earlier file is kept until then.
 * @throws Error when the directory is not on ramfs
 */
export async function writeRamFile(directory: string, name: string, content: Secret): Promise<void> {
  await assertRamfs(directory);
  const temporary = `${directory}/.${name}.${process.pid}`;
  await makeEmptyFile(temporary, async (handle) => {
    await handle.writeFile(content.reveal());
  });
  await rename(temporary, `${directory}/${name}`);
}

/**
 * Makes an empty file, mode 0600, that another program then fills.
 * @throws Error when the directory is not on ramfs
 */
export async function reserveRamFile(directory: string, name: string): Promise<string> {
  await assertRamfs(directory);
  const file = `${directory}/.${name}.${process.pid}`;
  await wipeFile(file);
  await makeEmptyFile(file, () => Promise.resolve());
  return file;
}

/**
 * The LUKS key that is in RAM.
 * @returns undefined when there is none, or the file holds no key or is on a disk
 */
export async function readLuksKey(file: string): Promise<Secret | undefined> {
  if (!(await isOnRamfs(file))) return undefined;
  const key = await readSecretFile(file);
  if (key === undefined) return undefined;
  if (isKey(key.reveal())) return key;
  key.wipe();
  return undefined;
}

/** Reads a file whole into bytes that can be wiped; undefined when there is no such plain file. */
export async function readSecretFile(file: string): Promise<Secret | undefined> {
  try {
    const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      if (!(await handle.stat()).isFile()) return undefined;
      return new Secret(await handle.readFile());
    } finally {
      await handle.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Overwrites and removes every key in `directory`. In ramfs the content of a file exists only in its pages, so
 * overwriting reaches it. @returns the names of the removed files; none when the directory is not on ramfs
 */
export async function wipeRamFiles(directory: string): Promise<string[]> {
  if (!(await isOnRamfs(directory))) return [];
  const names = (await readdir(directory)).filter((name) => ours.test(name));
  for (const name of names) await wipeFile(`${directory}/${name}`);
  return names;
}

/**
 * Overwrites and removes keys that were written into `directory` while it was not a ramfs. Traces of them may remain on
 * its disk. @returns the names of the removed files; none when the directory is on ramfs
 */
export async function wipeStrayKeys(directory: string): Promise<string[]> {
  if (!(await isThere(directory)) || (await isOnRamfs(directory))) return [];
  const names = (await readdir(directory)).filter((name) => onlyOurs.test(name)).sort();
  for (const name of names) await wipeFile(`${directory}/${name}`);
  return names;
}

/** Overwrites a file with zeros and removes it. A missing one is fine. */
export async function wipeFile(file: string): Promise<void> {
  try {
    const handle = await open(file, constants.O_RDWR | constants.O_NOFOLLOW);
    try {
      const { size } = await handle.stat();
      await handle.write(Buffer.alloc(size), 0, size, 0);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (!['ENOENT', 'ELOOP'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
  await rm(file, { force: true });
}

async function makeEmptyFile(
  file: string,
  fill: (handle: Awaited<ReturnType<typeof open>>) => Promise<void>,
): Promise<void> {
  await rm(file, { force: true }); // left by a dead process with the same id
  const handle = await open(
    file,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
    0o600,
  );
  try {
    await fill(handle);
  } catch (error) {
    await handle.close();
    await wipeFile(file);
    throw error;
  }
  await handle.close();
}

async function assertRamfs(directory: string): Promise<void> {
  if (!(await isOnRamfs(directory))) throw new Error(`${directory} is not on ramfs`);
}

/** @throws KeyError when there is no key in RAM */
export async function requireKey(paths: Paths): Promise<void> {
  const key = await readLuksKey(files.luksKey(paths));
  if (!key) throw new KeyError('EXB_KEY_MISSING', 'The key is not loaded.', 'Load it: extbackup unlock');
  key.wipe();
}
