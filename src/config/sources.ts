import { parseAddress, type Address } from './address.ts';
import { parseSource, type Attestation } from './source-schema.ts';
import type { Config } from './schema.ts';

/** One directory of a server that is backed up, with every setting that may be its own. */
export interface PullSource {
  /** Its directory in the mirror; undefined where its content is the mirror. */
  readonly name: string | undefined;
  /** `USER@HOST[:PATH]`. */
  readonly source: string;
  readonly port: number;
  /** Tried in turn; undefined where only the host of `source` is. */
  readonly addresses?: readonly Address[] | undefined;
  /** Hardware address of its network card, to be woken before the pull. */
  readonly wake?: string | undefined;
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
  const { port, addresses, wake, guard, attestation, pull } = config;
  const entries = (config.sources ?? []).map((own): PullSource => ({
    name: own.name,
    source: own.source,
    port: own.port ?? port,
    ...addressesOf(own.addresses ?? addresses, own.port ?? port),
    ...((own.wake ?? wake) !== undefined && { wake: own.wake ?? wake }),
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
      ...addressesOf(addresses, port),
      ...(wake !== undefined && { wake }),
      exclude: pull.exclude,
      requires: pull.requires,
      guard,
      attestation,
    },
  ];
}

/**
 * The sources that a disk takes, in the order of the settings: with sets, the sources of its set.
 * @returns none for a disk of no set
 */
export function sourcesFor(config: Config, label: string): readonly PullSource[] {
  const { sets } = config.rotation;
  if (sets === undefined) return sourcesOf(config);
  const names = sets.find(({ drives }) => drives.includes(label))?.sources ?? [];
  return sourcesOf(config).filter(({ name }) => name !== undefined && names.includes(name));
}

/** @param port where an address names none */
const addressesOf = (texts: readonly string[] | undefined, port: number): Pick<PullSource, 'addresses'> =>
  texts === undefined ? {} : { addresses: texts.flatMap((text) => parseAddress(text, port) ?? []) };

/** The single source without a name. @throws Error when there are several sources */
export function sourceOf(config: Config): PullSource {
  const [first, ...others] = sourcesOf(config);
  if (others.length > 0) throw new Error('there are several sources');
  return first;
}

/** One source for each login on a server: for questions to servers, not to directories. */
export function serversOf(config: Config): readonly PullSource[] {
  const login = ({ source, port, addresses }: PullSource): string =>
    JSON.stringify([parseSource(source)?.user, parseSource(source)?.host, port, addresses]);
  const all = sourcesOf(config);
  return all.filter((one, index) => all.findIndex((other) => login(other) === login(one)) === index);
}

/** The values that are set in an entry, without undefined ones. */
const withoutGaps = <T extends object>(settings: T): { [Key in keyof T]?: NonNullable<T[Key]> } =>
  Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]?: NonNullable<T[Key]>;
  };
