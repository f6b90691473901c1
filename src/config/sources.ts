import { parseSource, type Attestation } from './source-schema.ts';
import type { Config } from './schema.ts';

/** One directory of a server that is backed up, with every setting that may be its own. */
export interface PullSource {
  /** Its directory in the mirror; undefined where its content is the mirror. */
  readonly name: string | undefined;
  /** `USER@HOST[:PATH]`. */
  readonly source: string;
  readonly port: number;
  /** Patterns of rsync for excluded files. */
  readonly exclude: readonly string[];
  /** Paths in it that must exist and not be empty. */
  readonly requires: readonly string[];
  readonly guard: Config['guard'];
  /** undefined asks for no heartbeat. */
  readonly attestation: Attestation | undefined;
}

/** The sources of a configuration, in its order. A single source has no name. */
export function sourcesOf(config: Config): readonly [PullSource, ...PullSource[]] {
  const { port, guard, attestation, pull } = config;
  const entries = (config.sources ?? []).map((own): PullSource => ({
    name: own.name,
    source: own.source,
    port: own.port ?? port,
    exclude: [...pull.exclude, ...own.exclude],
    requires: [...pull.requires, ...own.requires],
    guard: { ...guard, ...withoutGaps(own.guard) },
    attestation: own.attestation === 'none' ? undefined : (own.attestation ?? attestation),
  }));
  const [first, ...others] = entries;
  if (first) return [first, ...others];
  if (config.source === undefined) throw new Error('the configuration was not checked');
  return [
    {
      name: undefined,
      source: config.source,
      port,
      exclude: pull.exclude,
      requires: pull.requires,
      guard,
      attestation,
    },
  ];
}

/** The single source without a name. @throws Error when there are several sources */
export function sourceOf(config: Config): PullSource {
  const [first, ...others] = sourcesOf(config);
  if (others.length > 0) throw new Error('there are several sources');
  return first;
}

/** One source for each login on a server: for questions to servers, not to directories. */
export function serversOf(config: Config): readonly PullSource[] {
  const login = ({ source, port }: PullSource): string =>
    `${parseSource(source)?.user ?? ''}@${parseSource(source)?.host ?? ''} ${port}`;
  const all = sourcesOf(config);
  return all.filter((one, index) => all.findIndex((other) => login(other) === login(one)) === index);
}

/** The values that are set in an entry, without undefined ones. */
const withoutGaps = <T extends object>(settings: T): { [Key in keyof T]?: NonNullable<T[Key]> } =>
  Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]?: NonNullable<T[Key]>;
  };
