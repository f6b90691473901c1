import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { probeServer } from '../../../src/setup/probe-server.ts';

let servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  servers = [];
});

/** The port of a server on this machine that greets like this. */
async function listening(greet: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    greet(socket);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
const wrongWith = async (host: string, port: number): Promise<string> =>
  (await probeServer({ host, port }, 500))?.happened ?? 'nothing';

it('finds nothing wrong with ssh', async () => {
  const port = await listening((socket) => socket.write('SSH-2.0-OpenSSH_10.0\r\n'));
  expect(await wrongWith('127.0.0.1', port)).toBe('nothing');
  expect(await wrongWith('localhost', port)).toBe('nothing');
});

it('tells a misspelt host', async () => {
  expect(await wrongWith('no-such-host.invalid', 22)).toMatch(/^The host no-such-host\.invalid is not known/);
});

it('tells a port where nothing listens', async () => {
  const port = await listening(() => undefined);
  await new Promise((resolve) => servers.pop()?.close(resolve));
  expect(await wrongWith('127.0.0.1', port)).toMatch(new RegExp(`is there, but nothing listens at its port ${port}`));
});

it.each([
  ['another service', (socket: Socket) => socket.write('220 mail ESMTP\r\n'), /is not ssh/],
  ['silence', () => undefined, /does not greet/],
  ['a closed door', (socket: Socket) => socket.destroy(), /does not greet/],
])('tells %s at the port', async (_, greet, words) => {
  expect(await wrongWith('127.0.0.1', await listening(greet))).toMatch(words);
});
