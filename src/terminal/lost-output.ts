import { writeSync } from 'node:fs';
import { getSystemErrorMap } from 'node:util';
import { exitCodes } from '../errors.ts';

/**
 * Output that cannot be written never ends the program in the middle of its work. A reader that closes the pipe is no
 * error; a full disk behind standard output is one, and turns a good exit code into a bad one.
 */
export function watchOutput(): void {
  let lost: NodeJS.ErrnoException | undefined;
  process.stderr.on('error', () => undefined); // there is no reader for a message
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') lost ??= error;
  });
  process.once('exit', () => {
    if (lost === undefined) return;
    const isDone = process.exitCode === exitCodes.done;
    if (isDone) process.exitCode = exitCodes.usage;
    try {
      writeSync(
        2,
        `The output could not be written: ${getSystemErrorMap().get(lost.errno ?? 0)?.[1] ?? lost.message}.\n` +
          `${isDone ? 'Everything else was done. ' : ''}Make room at the target of standard output.\n`,
      );
    } catch {
      // there is no reader for a message
    }
  });
}
