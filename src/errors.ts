/**
 * Every error that an operator may read. Each class holds its own code and exit code, so that a message and the
 * number a script sees cannot drift apart. Anything else that is thrown is a bug of ours (exit code 1).
 */

/** Exit codes of the `extbackup` program. Documented in extbackup(8); stable. */
export const exitCodes = {
  done: 0,
  bug: 1,
  usage: 2,
  gaps: 3,
  driveUnknown: 10,
  busy: 11,
  key: 12,
  pull: 13,
  held: 14,
  fresh: 15,
  notThere: 16,
  notReleased: 20,
  cancelled: 130,
} as const;

/** One of {@link exitCodes}. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Stable name of an error, for scripts and for the `error` field of events. */
export type ErrorCode = `EXB_${string}`;

/** The text of an error for the operator: the event, and the advice. */
export interface Advice {
  readonly happened: string;
  readonly todo: string;
}

/** An expected failure, worded for the operator. `message` says what happened, `todo` what to do. */
export class ExtbackupError extends Error {
  readonly code: ErrorCode;
  readonly exitCode: ExitCode;
  readonly todo: string;

  constructor(code: ErrorCode, exitCode: ExitCode, advice: Advice, cause?: unknown) {
    super(advice.happened, cause === undefined ? undefined : { cause });
    this.name = 'ExtbackupError';
    this.code = code;
    this.exitCode = exitCode;
    this.todo = advice.todo;
  }
}

/** Wrong flags, arguments or surroundings of a command. Exit code 2. */
export class UsageError extends ExtbackupError {
  constructor(happened: string, todo: string, cause?: unknown) {
    super('EXB_USAGE', exitCodes.usage, { happened, todo }, cause);
  }
}

/** The configuration file is missing, unreadable or wrong. Exit code 2. */
export class ConfigError extends ExtbackupError {
  constructor(happened: string, todo: string, cause?: unknown) {
    super('EXB_CONFIG', exitCodes.usage, { happened, todo }, cause);
  }
}

/** The disk is right, but has no such path, or not at that time. Exit code 16. */
export class NotThereError extends ExtbackupError {
  constructor(code: 'EXB_NOT_FOUND' | 'EXB_BEFORE_HISTORY' | 'EXB_STATE_GIVEN_UP', happened: string, todo: string) {
    super(code, exitCodes.notThere, { happened, todo });
  }
}

/** No such disk is plugged in or enrolled, or its inside does not belong to its outside. Exit code 10. */
export class DriveError extends ExtbackupError {
  constructor(code: ErrorCode, happened: string, todo: string, cause?: unknown) {
    super(code, exitCodes.driveUnknown, { happened, todo }, cause);
  }
}

/** Another run or command is using the same disk, keys or agent. Exit code 11. */
export class BusyError extends ExtbackupError {
  constructor(happened: string, todo: string) {
    super('EXB_BUSY', exitCodes.busy, { happened, todo });
  }
}

/** The key is missing, or was not accepted. Exit code 12. */
export class KeyError extends ExtbackupError {
  constructor(
    code: 'EXB_KEY_MISSING' | 'EXB_KEY_REJECTED' | 'EXB_PASSWORD',
    happened: string,
    todo: string,
    cause?: unknown,
  ) {
    super(code, exitCodes.key, { happened, todo }, cause);
  }
}

/** The pull, or anything on the disk during a run, failed. Exit code 13. */
export class PullError extends ExtbackupError {
  constructor(code: ErrorCode, happened: string, todo: string, cause?: unknown) {
    super(code, exitCodes.pull, { happened, todo }, cause);
  }
}

/** Ctrl-C, SIGTERM, or the agent is stopping. Exit code 130. */
export class CancelledError extends ExtbackupError {
  constructor(happened: string, todo: string) {
    super('EXB_CANCELLED', exitCodes.cancelled, { happened, todo });
  }
}

/** The agent stops during a run; the run starts again with the next agent. Exit code 130. */
export class AgentStoppedError extends CancelledError {
  constructor() {
    super(
      'The agent was stopped during the run.',
      'Leave the disk plugged in: the run starts again with the agent. To unplug it, look first: extbackup status',
    );
  }
}

/** A disk is left open after a run or command. The one error that says DO NOT UNPLUG. Exit code 20. */
export class NotReleasedError extends ExtbackupError {
  readonly leftovers: readonly string[];

  constructor(leftovers: readonly string[], cause?: unknown) {
    super(
      'EXB_NOT_RELEASED',
      exitCodes.notReleased,
      {
        happened: `The disk was not released: ${leftovers.join('; ')}.`,
        todo: 'DO NOT UNPLUG it yet. End the programs that use it, then run: extbackup release',
      },
      cause,
    );
    this.leftovers = leftovers;
  }
}

/** The text of anything thrown, for logs: never a stack, never the output of a program. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
