import { stat } from 'node:fs/promises';

/**
 * Root starts only what root alone can change.
 * @returns why a program of the operator's is not started; undefined when it may be
 */
export async function whyNotTrusted(file: string): Promise<string | undefined> {
  try {
    const { uid, mode } = await stat(file);
    const trusted = (uid === 0 || uid === process.getuid?.()) && (mode & 0o022) === 0;
    return trusted ? undefined : 'was not started: it does not belong to root, or others can write it';
  } catch {
    return 'was not started: it is not there';
  }
}
