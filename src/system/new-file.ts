import { open } from 'node:fs/promises';

/**
 * Makes a file that was not there, for root alone, and returns when its content is on the disk.
 * @throws the system's error, EEXIST when there is one of that name; a link is never followed
 */
export async function writeNewFile(file: string, content: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
