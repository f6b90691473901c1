import { createSocket } from 'node:dgram';
import { networkInterfaces } from 'node:os';

/** Wake-on-LAN: six bytes 0xff, then the address of the network card sixteen times. @param mac as in the settings */
export function magicPacket(mac: string): Buffer {
  const address = Buffer.from(mac.replace(/[:-]/g, ''), 'hex');
  return Buffer.concat([Buffer.alloc(6, 0xff), ...Array<Buffer>(16).fill(address)]);
}

/** The port "discard": nobody answers there. */
const discard = 9;

/**
 * Wakes the machine with this network card, in every network that this machine is in.
 * @throws Error when it could not be sent into any of them
 */
export async function wakeMachine(
  mac: string,
  to: readonly string[] = broadcastAddresses(),
  port = discard,
): Promise<void> {
  const sent = await Promise.allSettled(to.map((address) => send(magicPacket(mac), address, port)));
  if (sent.some(({ status }) => status === 'fulfilled')) return;
  const [first] = sent;
  throw first?.status === 'rejected' ? first.reason : new Error('this machine is in no network');
}

function send(packet: Buffer, address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    const end = (error?: Error | null): void => {
      socket.close();
      if (error) reject(error);
      else resolve();
    };
    socket.once('error', end);
    socket.bind(0, () => {
      socket.setBroadcast(true);
      socket.send(packet, port, address, end);
    });
  });
}

/** The broadcast address of each IPv4 network; 255.255.255.255 would reach only one of them. */
export function broadcastAddresses(interfaces: ReturnType<typeof networkInterfaces> = networkInterfaces()): string[] {
  return Object.values(interfaces).flatMap((addresses = []) =>
    addresses.flatMap(({ family, internal, address, netmask }) =>
      family === 'IPv4' && !internal ? [broadcastOf(address, netmask)] : [],
    ),
  );
}

const broadcastOf = (address: string, netmask: string): string => {
  const mask = netmask.split('.').map(Number);
  return address
    .split('.')
    .map((part, index) => Number(part) | (~(mask[index] ?? 255) & 255))
    .join('.');
};
