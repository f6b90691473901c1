import { open, rename, rm } from 'node:fs/promises';

/**
 * Makes a file that was not there, for root alone, and returns when its content is on the disk.
 * @throws the system's error, EEXIST when there is one of that name; a link is never followed
 */
export async function writeNewFile(file: string, content: string | Buffer): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Replaces a small file of an opened disk, or makes it, through FILE.new: a power cut leaves the old or the new one. A
 * link or a pipe that somebody put there is replaced, never followed.
 */
export async function replaceFile(file: string, content: string | Buffer): Promise<void> {
  const temporary = `${file}.new`;
  await rm(temporary, { force: true });
  await writeNewFile(temporary, content);
  await rename(temporary, file);
}
