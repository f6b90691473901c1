import { basename } from 'node:path';
import { exitCodes, ExtbackupError } from '../errors.ts';
import { CommandError } from './command.ts';

/**
 * Words for a program that was ended because it took too long, where nothing nearer to it has better ones: a slow
 * machine is no bug of ours.
 * @returns any other error as it is
 */
export function wordSlowProgram(error: unknown): unknown {
  if (!(error instanceof CommandError) || !error.timedOut) return error;
  const program = basename(error.file);
  return new ExtbackupError(
    'EXB_TIMEOUT',
    exitCodes.usage,
    {
      happened: `The program ${program} took too long and was ended.`,
      todo: 'Try again when this machine has less to do; if it comes back, see: extbackup doctor',
    },
    error,
  );
}
