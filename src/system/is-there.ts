import { access } from 'node:fs/promises';

/** Whether a file exists under this name; follows links. */
export async function isThere(file: string): Promise<boolean> {
  try {
    await access(file);
    return true;
  } catch {
    return false;
  }
}
