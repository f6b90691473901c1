import { createInterface } from 'node:readline/promises';
import { CancelledError } from '../errors.ts';

/**
 * Asks one line on the terminal, on standard error. Callers look at `process.stdin.isTTY` first.
 * @throws CancelledError on Ctrl-C or the end of input
 */
export async function askLine(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const stop = new AbortController();
  lines.once('SIGINT', () => { stop.abort(); });
  lines.once('close', () => { stop.abort(); });
  try {
    return (await lines.question(`${question} `, { signal: stop.signal })).trim();
  } catch (error) {
    if (stop.signal.aborted) throw new CancelledError('Cancelled.', 'Nothing more was changed.');
    throw error;
  } finally {
    lines.close();
  }
}

/** Asks for yes or no; anything but a clear yes is a no. */
export async function askYes(question: string): Promise<boolean> {
  return /^y(?:es)?$/i.test(await askLine(`${question} [y/N]`));
}
