import { addressName, type Address } from '../config/address.ts';
import { pinnedHostKeys, scanAt, type HostKey, type PinnedServer } from '../keys/host-key.ts';
import type { StartProgram } from '../system/command.ts';
import { fail, ok, type Finding } from './check.ts';

/**
 * Asks every address of a server for its host key. An address that does not answer is usual, because it leads to the
 * server from another place; one with another host key is an alarm.
 */
export async function checkAddresses(
  start: StartProgram,
  knownHosts: string,
  server: PinnedServer,
): Promise<Omit<Finding, 'name'>> {
  const { host, addresses = [] } = server;
  const pinned = await pinnedHostKeys(knownHosts, server);
  const looks = await Promise.all(addresses.map(async (at) => ({ at, keys: await scanAt(start, at) })));
  const silent = looks.filter(({ keys }) => keys.length === 0);
  const there = looks.filter(({ keys }) => keys.length > 0);
  const wrong = pinned.length === 0 ? [] : there.filter(({ keys }) => !isPinned(keys, pinned));
  if (wrong.length > 0)
    return fail(
      `Another host key than the pinned one of ${host} is shown at ${names(wrong)}: another machine answers there.`,
      'Find out which one. If the address leads to your server only from elsewhere, remove it from addresses while the station is here.',
    );
  if (there.length === 0)
    return fail(
      `No address of the server ${host} answers: ${names(silent)}.`,
      'Check that the server is on, the network of this machine, and the setting addresses.',
    );
  const key = pinned.length === 0 ? 'its host key is not pinned yet' : 'with the pinned host key';
  const rest = silent.length === 0 ? '' : `; no answer from here: ${names(silent)}`;
  return ok(`The server ${host} answers at ${names(there)}, ${key}${rest}.`);
}

const isPinned = (shown: readonly HostKey[], pinned: readonly HostKey[]): boolean =>
  shown.some(({ fingerprint }) => pinned.some((known) => known.fingerprint === fingerprint));

const names = (looks: readonly { readonly at: Address }[]): string => looks.map(({ at }) => addressName(at)).join(', ');
