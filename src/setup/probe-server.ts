import { connect, isIP } from 'node:net';
import type { PinnedServer } from '../keys/host-key.ts';

/** What is wrong with the way to a server, and what to do. */
export interface ProbeTrouble {
  readonly happened: string;
  readonly todo: string;
}

const patienceMs = 10_000;

/**
 * Connects to the ssh port of a server and waits for the first words of ssh; nothing is sent.
 * @returns which of host, network and port is the trouble; undefined when ssh answers
 */
export async function probeServer(
  { host, port }: PinnedServer,
  timeoutMs = patienceMs,
): Promise<ProbeTrouble | undefined> {
  const end = await greetingOf(host.replace(/^\[(.*)\]$/, '$1'), port, timeoutMs);
  return end === 'ssh' ? undefined : words[end](host, port, Math.round(timeoutMs / 1000));
}

type End = 'ssh' | 'no-such-host' | 'refused' | 'no-way' | 'silent' | 'mute' | 'not-ssh';

function greetingOf(host: string, port: number, timeoutMs: number): Promise<End> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    let [isKnown, isConnected] = [isIP(host.replace(/%.*$/, '')) !== 0, false];
    const end = (how: End): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(how);
    };
    const timer = setTimeout(() => {
      end(isConnected ? 'mute' : isKnown ? 'silent' : 'no-such-host');
    }, timeoutMs);
    socket.once('lookup', () => {
      isKnown = true;
    });
    socket.once('connect', () => {
      isConnected = true;
    });
    socket.once('data', (data) => {
      end(data.subarray(0, 4).toString('latin1') === 'SSH-' ? 'ssh' : 'not-ssh');
    });
    socket.once('close', () => {
      end('mute');
    });
    socket.once('error', ({ code }: NodeJS.ErrnoException) => {
      end(endBy(code ?? ''));
    });
  });
}

function endBy(code: string): End {
  if (['ENOTFOUND', 'EAI_AGAIN', 'EAI_NONAME', 'EAI_NODATA', 'EAI_FAIL', 'EINVAL'].includes(code))
    return 'no-such-host';
  if (code === 'ECONNREFUSED') return 'refused';
  return code === 'ECONNRESET' ? 'mute' : 'no-way';
}

const portIs = (port: number): string => `Check the port (${port}); on the server: ss -tlnp | grep sshd`;

const words: Record<Exclude<End, 'ssh'>, (host: string, port: number, seconds: number) => ProbeTrouble> = {
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
