import { constants } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { UsageError } from '../errors.ts';
import { shownText } from '../text/shown-name.ts';

/**
 * Reads a file whole. A pipe or a device in its place is refused, because reading it could wait forever.
 * @throws UsageError when it is no plain file; the system's error when it cannot be read
 */
export async function readWhole(file: string): Promise<Buffer> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!(await handle.stat()).isFile()) throw noPlainFile(file);
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

/** The same as text. */
export const readText = async (file: string): Promise<string> => (await readWhole(file)).toString('utf8');

/** @throws UsageError when something else than a plain file is there: a new file would take its place */
export async function refuseToReplace(file: string): Promise<void> {
  const found = await stat(file).catch(() => undefined);
  if (found?.isFile() === false) throw noPlainFile(file);
}

const noPlainFile = (file: string): UsageError =>
  new UsageError(
    `${shownText(file)} is not a plain file.`,
    'Name a plain file, not a pipe, a device or a directory. Nothing was changed.',
  );
