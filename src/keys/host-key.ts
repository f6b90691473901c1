import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { addressName, bareHost, knownName, type Address } from '../config/address.ts';
import { PullError } from '../errors.ts';
import { readIfThere, writeAtomically } from '../system/atomic-file.ts';
import { CommandError, type StartProgram } from '../system/command.ts';

/** A server whose host keys are pinned. */
export interface PinnedServer {
  readonly host: string;
  readonly port: number;
  /** Where it answers, if that is not `host`; it shows the same keys at each. */
  readonly addresses?: readonly Address[] | undefined;
}

/** One key that a server shows. */
export interface HostKey {
  /** For example ssh-ed25519. */
  readonly type: string;
  /** `SHA256:…`, in the form of ssh-keygen -l. */
  readonly fingerprint: string;
  /** The line for known_hosts. */
  readonly line: string;
}

/** `SHA256:…` of a key in base64; see ssh-keygen(1), -l. */
export const fingerprintOf = (base64: string): string =>
  `SHA256:${createHash('sha256').update(Buffer.from(base64, 'base64')).digest('base64').replace(/=+$/, '')}`;

/** Splits the text of a known_hosts file, or the output of ssh-keyscan, into keys. Other lines are left out. */
export function parseHostKeys(text: string): HostKey[] {
  return text.split('\n').flatMap((line) => {
    const [name, type, base64] = line.trim().split(/\s+/);
    if (
      name === undefined ||
      type === undefined ||
      base64 === undefined ||
      name.startsWith('#') ||
      name.startsWith('@')
    )
      return [];
    return [{ type, fingerprint: fingerprintOf(base64), line: `${name} ${type} ${base64}` }];
  });
}

/**
 * All keys that the server shows now; none when it does not answer. Only a person can decide whether they are the right
 * ones. Each of several addresses is asked, because the pinned keys will be demanded from all.
 * @throws PullError (EXB_HOST_KEY) when two of its addresses show different keys
 */
export async function scanHostKeys(start: StartProgram, server: PinnedServer): Promise<HostKey[]> {
  const { addresses } = server;
  if (addresses === undefined) return scanAt(start, server);
  let first: { readonly at: Address; readonly keys: readonly HostKey[] } | undefined;
  for (const at of addresses) {
    const keys = await scanAt(start, at);
    if (keys.length === 0) continue;
    if (first && differ(first.keys, keys)) throw notTheSame(server, [first, { at, keys }]);
    first ??= { at, keys };
  }
  return (first?.keys ?? []).map((key) => ({ ...key, line: key.line.replace(/^\S+/, knownName(server)) }));
}

/** Whether two addresses show another key of the same type, or have no type in common. */
const differ = (some: readonly HostKey[], others: readonly HostKey[]): boolean => {
  const common = some.filter(({ type }) => others.some((other) => other.type === type));
  return (
    common.length === 0 || common.some(({ fingerprint }) => !others.some((other) => other.fingerprint === fingerprint))
  );
};

const notTheSame = (
  { host }: PinnedServer,
  shown: readonly { readonly at: Address; readonly keys: readonly HostKey[] }[],
): PullError =>
  new PullError(
    'EXB_HOST_KEY',
    `The addresses of the server ${host} show different host keys: ` +
      `${shown.map(({ at, keys }) => `${addressName(at)} shows ${keys[0]?.fingerprint ?? ''}`).join(', ')}.`,
    'They do not lead to the same machine. Find out which one is yours, and correct the setting addresses.',
  );

/** The keys that are shown at one address, in its name. */
export async function scanAt(start: StartProgram, { host, port }: Address): Promise<HostKey[]> {
  const name = bareHost(host);
  try {
    const { stdout } = await start({
      file: '/usr/bin/ssh-keyscan',
      args: ['-p', String(port), '-T', '10', '--', name],
      timeoutMs: 60_000,
      accept: [1, 255],
    });
    return parseHostKeys(stdout);
  } catch (error) {
    if (error instanceof CommandError && error.timedOut) return [];
    throw error;
  }
}

/** The pinned keys of a server in the station's known_hosts. */
export async function pinnedHostKeys(file: string, { host, port }: PinnedServer): Promise<HostKey[]> {
  return parseHostKeys((await readIfThere(file)) ?? '').filter(({ line }) =>
    spellingsOf({ host, port }).includes(line.split(' ', 1)[0] ?? ''),
  );
}

/** The names of a server in known_hosts. */
function spellingsOf({ host, port }: PinnedServer): string[] {
  const [bare, name] = [bareHost(host), knownName({ host, port })];
  return isIPv6(bare) ? [name, `[${bare}]`] : [name];
}

/** The keys to trust among those that the server shows: the one with this fingerprint, or all. */
export type Trust = { readonly fingerprint: string } | 'all';

/**
 * Gets the server's host keys and pins the trusted ones, replacing the keys pinned before.
 * @param file the station's known_hosts
 * @returns the pinned keys; none when the server does not answer
 * @throws PullError (EXB_HOST_KEY) when no key has the fingerprint: nothing is changed
 */
export async function pinHostKey(
  start: StartProgram,
  file: string,
  server: PinnedServer,
  trust: Trust,
): Promise<HostKey[]> {
  const shown = await scanHostKeys(start, server);
  if (shown.length === 0) return [];
  const trusted = trust === 'all' ? shown : shown.filter(({ fingerprint }) => fingerprint === trust.fingerprint);
  if (trusted.length === 0) {
    throw new PullError(
      'EXB_HOST_KEY',
      `The server ${server.host} shows another host key than the one given: ` +
        `${shown.map(({ type, fingerprint }) => `${fingerprint} (${type})`).join(', ')}.`,
      'Compare on the server itself: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub. If they differ, the connection may be intercepted.',
    );
  }
  await writeHostKeys(file, server, trusted);
  return trusted;
}

/** Replaces the keys of one server in the station's known_hosts; the keys of other servers stay. */
export async function writeHostKeys(file: string, server: PinnedServer, keys: readonly HostKey[]): Promise<void> {
  const spellings = spellingsOf(server);
  const isOfOthers = (line: string): boolean =>
    line.trim() !== '' && !(line.trim().split(/\s/, 1)[0] ?? '').split(',').some((name) => spellings.includes(name));
  const others = ((await readIfThere(file)) ?? '').split('\n').filter(isOfOthers);
  await writeAtomically(
    file,
    [...others, ...keys.map(({ line }) => line)].map((line) => `${line}\n`).join(''),
    true,
    0o644,
  );
}
