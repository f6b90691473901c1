import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a directory that a person has named, with those above it. `mkdir` of Node with `recursive` never ends where the
 * file system does not let anybody make one, as in /proc.
 */
export async function makeWay(directory: string): Promise<void> {
  try {
    await makeOne(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(directory) === directory) throw error;
    await makeWay(dirname(directory));
    await makeOne(directory);
  }
}

async function makeOne(directory: string): Promise<void> {
  try {
    await mkdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error; // a file there shows at the next use
  }
}
