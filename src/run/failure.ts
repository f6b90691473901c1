import type { Failure } from '../bus/events.ts';
import { exitCodes, ExtbackupError, messageOf, NotReleasedError } from '../errors.ts';
import { wordSlowProgram } from '../system/slow-program.ts';

/**
 * An error in the operator's words. An unexpected one is reported as a bug, without the values of its details.
 */
export function failureOf(thrown: unknown): Failure {
  const error = wordSlowProgram(thrown);
  if (
    error instanceof NotReleasedError &&
    error.cause instanceof ExtbackupError &&
    !(error.cause instanceof NotReleasedError)
  ) {
    return {
      code: error.code,
      exitCode: error.exitCode,
      happened: `${error.cause.message} ${error.message}`,
      todo: error.todo,
    };
  }
  if (error instanceof ExtbackupError)
    return { code: error.code, exitCode: error.exitCode, happened: error.message, todo: error.todo };
  return {
    code: 'EXB_BUG',
    exitCode: exitCodes.bug,
    happened: `Something unexpected happened: ${messageOf(error)}.`,
    todo: 'Please report it with the output of: extbackup doctor',
  };
}
