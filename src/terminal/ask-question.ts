import { createInterface } from 'node:readline/promises';
import { CancelledError } from '../errors.ts';
import { withJoinedSignal } from '../system/joined-signal.ts';

/**
 * Asks one line on the terminal, on standard error. Callers check `process.stdin.isTTY` first.
 * @throws CancelledError on Ctrl-C, at the end of input, or when `signal` is aborted
 */
export async function askLine(question: string, signal?: AbortSignal): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const stop = new AbortController();
  lines.on('SIGINT', () => {
    stop.abort();
  });
  lines.once('close', () => {
    stop.abort();
  });
  try {
    const signals = signal === undefined ? [stop.signal] : [stop.signal, signal];
    return await withJoinedSignal(signals, undefined, async (either) =>
      (await lines.question(`${question} `, { signal: either })).trim(),
    );
  } catch (error) {
    if (stop.signal.aborted || signal?.aborted === true)
      throw new CancelledError('Cancelled.', 'Nothing more was changed.');
    throw error;
  } finally {
    lines.close();
  }
}

/** Asks for yes or no; anything but a clear yes is a no. */
export async function askYes(question: string, signal?: AbortSignal): Promise<boolean> {
  return /^y(?:es)?$/i.test(await askLine(`${question} [y/N]`, signal));
}

/** Asks for one line: Enter alone keeps `present`, which is shown. */
export async function askKeeping(question: string, present: string): Promise<string> {
  const answer = await askLine(present === '' ? question : `${question} [${present}]`);
  return answer === '' ? present : answer;
}
