import { basename } from 'node:path';
import { exitCodes, ExtbackupError } from '../errors.ts';
import { CommandError } from './command.ts';

/**
 * Words for a program that was stopped because it took too long, if its caller has no better ones: a slow
 * machine is not a bug.
 * @returns any other error unchanged
 */
export function wordSlowProgram(error: unknown): unknown {
  if (!(error instanceof CommandError) || !error.timedOut) return error;
  const program = basename(error.file);
  return new ExtbackupError(
    'EXB_TIMEOUT',
    exitCodes.usage,
    {
      happened: `The program ${program} took too long and was ended.`,
      todo: 'Try again when this machine is less busy; if it happens again, see: extbackup doctor',
    },
    error,
  );
}
