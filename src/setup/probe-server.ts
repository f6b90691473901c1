import type { PinnedServer } from '../keys/host-key.ts';
import { greetingOf, type Greeting } from '../rsync/greeting.ts';

/** What is wrong with the way to a server, and what to do. */
export interface ProbeTrouble {
  readonly happened: string;
  readonly todo: string;
}

/**
 * Connects to the ssh port of a server and waits for the first words of ssh; nothing is sent.
 * @returns which of host, network and port is the trouble; undefined when ssh answers, at any address of several
 */
export async function probeServer(server: PinnedServer, timeoutMs = 10_000): Promise<ProbeTrouble | undefined> {
  const troubles: ProbeTrouble[] = [];
  for (const { host, port } of server.addresses ?? [server]) {
    const end = await greetingOf({ host, port }, timeoutMs);
    if (end === 'ssh') return undefined;
    troubles.push(words[end](host, port, Math.round(timeoutMs / 1000)));
  }
  const [first] = troubles;
  if (first === undefined || troubles.length === 1) return first;
  return {
    happened: `No address of the server ${server.host} answers. ${troubles.map(({ happened }) => happened).join(' ')}`,
    todo: 'Check that the server is on, the network of this machine, and the setting addresses.',
  };
}

const portIs = (port: number): string => `Check the port (${port}); on the server: ss -tlnp | grep sshd`;

const words: Record<Exclude<Greeting, 'ssh'>, (host: string, port: number, seconds: number) => ProbeTrouble> = {
  'no-such-host': (host) => ({
    happened: `The host ${host} is not known: there is no address for this name.`,
    todo: 'Check how the host is spelt, and the DNS of this machine.',
  }),
  refused: (host, port) => ({
    happened: `The host ${host} is there, but nothing listens at its port ${port}.`,
    todo: portIs(port),
  }),
  'no-way': (host) => ({
    happened: `There is no way to the host ${host} from here.`,
    todo: 'Check the network of this machine, and the address of the host.',
  }),
  silent: (host, port, seconds) => ({
    happened: `The host ${host} did not answer at port ${port} within ${seconds} seconds.`,
    todo: 'Check that it is on, its address, and the firewalls between here and there.',
  }),
  mute: (host, port) => ({
    happened: `The host ${host} takes connections at port ${port}, but does not greet as ssh does.`,
    todo: portIs(port),
  }),
  'not-ssh': (host, port) => ({
    happened: `What answers at port ${port} of the host ${host} is not ssh.`,
    todo: portIs(port),
  }),
};
