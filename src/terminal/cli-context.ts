import type { Config } from '../config/schema.ts';
import type { ExitCode } from '../errors.ts';
import type { Paths } from '../system/paths.ts';
import type { StartProgram } from '../system/command.ts';

/** The surroundings of a command. */
export interface CliContext {
  readonly paths: Paths;
  readonly version: string;
  readonly start: StartProgram;
  /** The checked settings of `--config`. Throws ConfigError. */
  loadConfig(): Promise<Config>;
  /** One line, or several, to standard output. */
  print(text: string): void;
  /** One line to standard error: progress and warnings, so that standard output stays clean for scripts. */
  note(text: string): void;
  /** Sets the exit code of a command that succeeds with another code than 0. */
  exitWith(code: ExitCode): void;
}
