import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { bytesOfPath } from '../history/change-log.ts';
import { below, createInsideCheck } from '../history/inside.ts';

const headBytes = 64 * 1024;

/**
 * The beginning of a plain file below a directory.
 * @param path as rsync prints it
 * @returns undefined for anything else, and for an unreadable file: sampling must not fail a run
 */
export async function readHead(directory: string, path: string): Promise<Buffer | undefined> {
  const [root, bytes] = [Buffer.from(directory), bytesOfPath(path)];
  try {
    if (bytes.toString('latin1').split('/').includes('..')) return undefined;
    if (!(await createInsideCheck(root)(bytes))) return undefined;
    // Follows no link and waits for no pipe from the server.
    const handle = await open(below(root, bytes), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      if (!(await handle.stat()).isFile()) return undefined;
      const buffer = Buffer.alloc(headBytes);
      const { bytesRead } = await handle.read(buffer, 0, headBytes, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch {
    return undefined;
  }
}
