import { access } from 'node:fs/promises';

/** Whether a file can be reached under this name. */
export async function isThere(file: string): Promise<boolean> {
  try {
    await access(file);
    return true;
  } catch {
    return false;
  }
}
