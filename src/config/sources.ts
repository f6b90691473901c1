import type { Config } from './schema.ts';

/** One directory of a server that is backed up, with every setting that may be its own. */
export interface PullSource {
  /** Its directory in the mirror; undefined where its content is the mirror. */
  readonly name: string | undefined;
  /** `USER@HOST[:PATH]`. */
  readonly source: string;
  readonly port: number;
  /** Patterns of rsync that are left out. */
  readonly exclude: readonly string[];
  readonly guard: Config['guard'];
}

/** What a configuration backs up. */
export const sourceOf = ({ source, port, guard, pull: { exclude } }: Config): PullSource => ({ name: undefined, source, port, exclude, guard });
