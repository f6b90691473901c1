import { connect, isIP } from 'node:net';
import { bareHost, type Address } from '../config/address.ts';

/** The result of a connection to a port at which ssh should greet. */
export type Greeting = 'ssh' | 'no-such-host' | 'refused' | 'no-way' | 'silent' | 'mute' | 'not-ssh';

/** Connects and waits for the first words of ssh; nothing is sent. */
export function greetingOf({ host, port }: Address, timeoutMs = 10_000): Promise<Greeting> {
  return new Promise((resolve) => {
    const socket = connect({ host: bareHost(host), port });
    let [isKnown, isConnected] = [isIP(bareHost(host).replace(/%.*$/, '')) !== 0, false];
    const end = (how: Greeting): void => {
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

function endBy(code: string): Greeting {
  if (['ENOTFOUND', 'EAI_AGAIN', 'EAI_NONAME', 'EAI_NODATA', 'EAI_FAIL', 'EINVAL'].includes(code))
    return 'no-such-host';
  if (code === 'ECONNREFUSED') return 'refused';
  return code === 'ECONNRESET' ? 'mute' : 'no-way';
}
