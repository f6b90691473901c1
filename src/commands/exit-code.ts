import { exitCodes, type ExitCode } from '../errors.ts';

/** The exit code in an answer of the agent; an unknown number would be a bug. */
export function asExitCode(number: number | null): ExitCode {
  return Object.values(exitCodes).find((code) => code === number) ?? exitCodes.bug;
}
