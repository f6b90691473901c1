import { addressName, type Address } from '../config/address.ts';
import type { Config } from '../config/schema.ts';
import type { PullSource } from '../config/sources.ts';
import { serverAt } from './arguments.ts';
import { greetingOf } from './greeting.ts';
import { sshCommand } from './ssh.ts';

/** How a command, which starts ssh itself, gets to a server. */
export interface Way {
  /** ssh with its options; the host and a command come after them. */
  readonly ssh: readonly string[];
  /** The same for `rsync --rsh`. */
  readonly rsh: string;
  /** `USER@HOST`, with the address that is used if the server has several. */
  readonly server: string;
}

/**
 * Finds the first address of a server at which ssh greets; each is waited for at most 10 seconds. ssh then checks the
 * host key. If no address answers, all of them are named, and ssh reports what is wrong with the first.
 * @param greet for tests
 */
export async function wayTo(
  source: Pick<PullSource, 'source' | 'port' | 'addresses'>,
  ssh: Config['ssh'],
  identityFile: string,
  greet: (address: Address) => Promise<unknown> = greetingOf,
): Promise<Way> {
  const { addresses } = source;
  const found = await firstThatGreets(addresses ?? [], greet);
  const at = found ?? addresses?.[0];
  const command = sshCommand({ ...source, ssh }, identityFile, at);
  const tried = found === undefined ? addresses : [found];
  return { ssh: command, rsh: command.join(' '), server: serverAt(source, tried?.map(addressName).join(', ')) };
}

async function firstThatGreets(
  addresses: readonly Address[],
  greet: (address: Address) => Promise<unknown>,
): Promise<Address | undefined> {
  for (const address of addresses) if ((await greet(address)) === 'ssh') return address;
  return undefined;
}
