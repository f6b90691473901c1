import type { CliContext } from '../terminal/cli-context.ts';
import { addressName, bareHost } from '../config/address.ts';
import { parseSource } from '../config/source-schema.ts';
import type { Config } from '../config/schema.ts';
import { serversOf, type PullSource } from '../config/sources.ts';
import { askYes } from '../terminal/ask-question.ts';
import {
  pinHostKey,
  pinnedHostKeys,
  scanHostKeys,
  writeHostKeys,
  type HostKey,
  type PinnedServer,
  type Trust,
} from '../keys/host-key.ts';
import { ExtbackupError, PullError } from '../errors.ts';
import { probeServer } from './probe-server.ts';

/** The server of a source. */
export function serverOf({ source, port, addresses }: Pick<PullSource, 'source' | 'port' | 'addresses'>): PinnedServer {
  const parts = parseSource(source);
  if (!parts) throw new Error('the configuration was not checked');
  return { host: parts.host, port, ...(addresses && { addresses }) };
}

/** The servers of a configuration, each once. */
export function hostsOf(config: Config): PinnedServer[] {
  const all = serversOf(config).map(serverOf);
  const isSame = (one: PinnedServer, other: PinnedServer): boolean =>
    one.host === other.host && one.port === other.port;
  return all
    .filter((one, index) => all.findIndex((other) => isSame(one, other)) === index)
    .map((one) => ({ ...one, ...allAddresses(all.filter((other) => isSame(one, other))) }));
}

/** The addresses of a server in all its sources. */
function allAddresses(entries: readonly PinnedServer[]): Pick<PinnedServer, 'addresses'> {
  if (entries.every(({ addresses }) => addresses === undefined)) return {};
  const all = entries.flatMap(({ host, port, addresses }) => addresses ?? [{ host: bareHost(host), port }]);
  const names = all.map(addressName);
  return { addresses: all.filter((_address, index) => names.indexOf(names[index] ?? '') === index) };
}

/** The addresses that the settings have for this server, if they know it. */
export const knownAddresses = (
  config: Config | undefined,
  { host }: Pick<PinnedServer, 'host'>,
): Pick<PinnedServer, 'addresses'> => {
  const addresses = config && hostsOf(config).find((known) => known.host === host)?.addresses;
  return addresses === undefined ? {} : { addresses };
};

/** The flags about host keys, and whether questions may be asked. */
interface Wishes {
  readonly trust: Trust | undefined;
  readonly ask: boolean;
  /** With trust in all keys: also in one that takes the place of a pinned one. */
  readonly replaceHostKey?: boolean;
}

/**
 * Pins the servers' host keys as far as the flags and the operator allow it. A fingerprint belongs to one of several
 * servers.
 * @returns whether a host key of each server is pinned now
 * @throws PullError (EXB_HOST_KEY) when no server shows the expected key
 */
export async function settleHostKeys(context: CliContext, config: Config, wishes: Wishes): Promise<boolean> {
  const refused: ExtbackupError[] = [];
  const pinned: boolean[] = [];
  const servers = hostsOf(config);
  for (const server of servers) {
    try {
      pinned.push(await settleHostKey(context, config.ssh.knownHosts, server, wishes));
    } catch (error) {
      if (!(error instanceof ExtbackupError) || error.code !== 'EXB_HOST_KEY') throw error;
      refused.push(error);
      pinned.push((await pinnedHostKeys(config.ssh.knownHosts, server)).length > 0);
    }
  }
  if (refused[0] && refused.length === servers.length) throw refused[0];
  return pinned.every(Boolean);
}

async function settleHostKey(
  context: CliContext,
  file: string,
  server: PinnedServer,
  wishes: Wishes,
): Promise<boolean> {
  const start = context.start;
  if (wishes.trust !== undefined) {
    const changed = await changedKeys(context, file, server);
    for (const { type, was, is } of changed)
      context.note(
        `The server ${server.host} shows another host key than the pinned one (${type}):\n  ${was} pinned\n  ${is} now`,
      );
    if (changed.length > 0 && wishes.trust === 'all') await agreeToChange(server, wishes);
    const pinned = await pinHostKey(start, file, server, wishes.trust);
    if (pinned.length > 0) show(context, 'Pinned', pinned);
    else await noteAway(context, server);
    return pinned.length > 0 || (await pinnedHostKeys(file, server)).length > 0;
  }
  if ((await pinnedHostKeys(file, server)).length > 0) return true;
  if (!wishes.ask) return false;
  const shown = await scanHostKeys(start, server);
  if (shown.length === 0) {
    await noteAway(context, server);
    return false;
  }
  show(context, `The server ${server.host} shows`, shown);
  context.note('Compare one of them on the server itself: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub');
  if (!(await askYes('Are these the keys of your server?'))) return false;
  await writeHostKeys(file, server, shown);
  return true;
}

/** Says which of host, network and port is the trouble. */
async function noteAway(context: CliContext, server: PinnedServer): Promise<void> {
  const trouble = await probeServer(server);
  context.note(
    trouble === undefined
      ? `The server ${server.host} answers at port ${server.port}, but shows no host key.`
      : `${trouble.happened} ${trouble.todo}`,
  );
}

interface ChangedKey {
  readonly type: string;
  /** Fingerprints. */
  readonly was: string;
  readonly is: string;
}

/** Keys of the server that differ from the pinned ones of the same type. */
async function changedKeys(context: CliContext, file: string, server: PinnedServer): Promise<ChangedKey[]> {
  const before = await pinnedHostKeys(file, server);
  if (before.length === 0) return [];
  const shown = await scanHostKeys(context.start, server);
  return before.flatMap(({ type, fingerprint: was }) => {
    const is = shown.find((key) => key.type === type)?.fingerprint;
    return is === undefined || is === was ? [] : [{ type, was, is }];
  });
}

/**
 * An impostor shows another key, too: a person has to compare the two, or a flag of its own has to say so.
 * @throws PullError (EXB_HOST_KEY)
 */
async function agreeToChange({ host }: PinnedServer, { ask, replaceHostKey }: Wishes): Promise<void> {
  if (replaceHostKey === true) return;
  if (ask && (await askYes('Was the server reinstalled, and does it show the new key itself?'))) return;
  throw new PullError(
    'EXB_HOST_KEY',
    `The host key of ${host} has changed; the pinned one stays.`,
    'Compare on the server itself: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub. Then: extbackup setup ' +
      '--host-key SHA256:..., or --trust-host-key --replace-host-key',
  );
}

function show(context: CliContext, what: string, keys: readonly HostKey[]): void {
  for (const { fingerprint, type } of keys) context.note(`${what}: ${fingerprint} (${type})`);
}
