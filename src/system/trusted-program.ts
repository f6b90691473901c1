import { stat } from 'node:fs/promises';

/**
 * Root starts only programs that root alone can change. @returns the reason not to start a program; undefined when it
 * is safe
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
