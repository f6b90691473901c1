import { open, rename, rm, stat } from 'node:fs/promises';

/**
 * Makes a new file, and returns when its content is on the disk.
 * @param mode its exact mode, independent of the umask
 * @throws the system's error, EEXIST when there is one of that name; a link is never followed
 */
export async function writeNewFile(file: string, content: string | Buffer, mode = 0o600): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    if (mode !== 0o600) await handle.chmod(mode);
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Replaces a small file, or makes it, through FILE.new: a power cut leaves the old or the new one. For directories in
 * which other users can write: a planted link or pipe is replaced, never followed.
 */
export async function replaceFile(file: string, content: string | Buffer, mode = 0o600): Promise<void> {
  const temporary = `${file}.new`;
  await rm(temporary, { force: true });
  await writeNewFile(temporary, content, mode);
  await rename(temporary, file);
}

/**
 * The same for an HTML page: an existing one keeps its mode, so that a web server can go on reading it; a new one is for
 * root alone.
 */
export async function replacePage(file: string, page: string): Promise<void> {
  const mode = await stat(file).then(
    (found) => found.mode & 0o666,
    () => 0o600,
  );
  await replaceFile(file, page, mode);
}
