import type { Config } from '../config/schema.ts';
import type { StartProgram } from '../system/command.ts';
import type { Paths } from '../system/paths.ts';

/** `warn`: it works, but a promise is weaker than it could be. `fail`: backups do not work, or a promise is broken. */
export type Verdict = 'ok' | 'warn' | 'fail';

/** The result of one check: the facts, and the advice (empty if all is well). */
export interface Finding {
  /** Short and stable, for scripts. */
  readonly name: string;
  readonly verdict: Verdict;
  readonly happened: string;
  readonly todo: string;
}

/** The station that is examined. */
export interface Patient {
  readonly paths: Paths;
  readonly start: StartProgram;
  readonly now: Date;
  /** Whether a check may repair what needs no decision of the operator. */
  readonly fix: boolean;
  /** Whether everything can be seen; by default, whether root looks. */
  readonly asRoot?: boolean;
}

/** A patient with settings; without them most checks have no meaning. */
export interface ConfiguredPatient extends Patient {
  readonly config: Config;
}

/** Examines one thing. A check that throws counts as failed. */
export interface Check<P extends Patient = Patient> {
  readonly name: string;
  readonly check: (patient: P) => Promise<Omit<Finding, 'name'>>;
}

export const ok = (happened: string): Omit<Finding, 'name'> => ({ verdict: 'ok', happened, todo: '' });
export const warn = (happened: string, todo: string): Omit<Finding, 'name'> => ({ verdict: 'warn', happened, todo });
export const fail = (happened: string, todo: string): Omit<Finding, 'name'> => ({ verdict: 'fail', happened, todo });
