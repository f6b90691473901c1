import { createSocket } from 'node:dgram';
import { expect, it } from 'vitest';
import { broadcastAddresses, magicPacket, wakeMachine } from '../../../src/notify/magic-packet.ts';

it('the packet has the address sixteen times after six bytes of ones', () => {
  const packet = magicPacket('00:11:22:aa:BB:cc');
  expect(packet).toHaveLength(102);
  expect(packet.subarray(0, 12).toString('hex')).toBe('ffffffffffff001122aabbcc');
  expect(packet.subarray(96).toString('hex')).toBe('001122aabbcc');
  expect(magicPacket('00-11-22-aa-bb-cc')).toEqual(packet);
});

it('goes to the broadcast address of every IPv4 network but the loopback', () => {
  const one = { mac: '', cidr: null, netmask: '255.255.255.0', family: 'IPv4' as const, internal: false };
  expect(
    broadcastAddresses({
      lo: [{ ...one, address: '127.0.0.1', netmask: '255.0.0.0', internal: true }],
      eth0: [
        { ...one, address: '192.168.1.10' },
        { ...one, address: '10.1.2.3', netmask: '255.255.252.0' },
        { address: 'fe80::1', netmask: '', family: 'IPv6', mac: '', internal: false, cidr: null, scopeid: 1 },
      ],
      down: undefined,
    }),
  ).toEqual(['192.168.1.255', '10.1.3.255']);
});

it('arrives, also when one network cannot be reached', async () => {
  const receiver = createSocket('udp4');
  await new Promise<void>((resolve) => {
    receiver.bind(0, '127.0.0.1', resolve);
  });
  const came = new Promise<Buffer>((resolve) => {
    receiver.once('message', resolve);
  });
  const { port } = receiver.address();
  await wakeMachine('00:11:22:aa:bb:cc', ['256.0.0.1', '127.0.0.1'], port);
  expect(await came).toEqual(magicPacket('00:11:22:aa:bb:cc'));
  receiver.close();
  await expect(wakeMachine('00:11:22:aa:bb:cc', [], port)).rejects.toThrow('no network');
});
