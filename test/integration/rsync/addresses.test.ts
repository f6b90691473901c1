import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../../../src/config/load.ts';
import { sourceOf } from '../../../src/config/sources.ts';
import { pinHostKey, pinnedHostKeys } from '../../../src/keys/host-key.ts';
import { sshConfig } from '../../../src/rsync/ssh.ts';
import { wayTo } from '../../../src/rsync/way.ts';
import { serverOf } from '../../../src/setup/settle-host-key.ts';
import { startProgram } from '../../../src/system/command.ts';
import { startSshd, type RealSshd } from './real-sshd.ts';

const run = promisify(execFile);

let server: RealSshd;
let room: string;
let knownHosts: string;
beforeAll(async () => {
  server = await startSshd();
  room = mkdtempSync(`${tmpdir()}/addresses-`);
  chmodSync(room, 0o755); // the account of the server reads it
  mkdirSync(join(room, 'source'));
  writeFileSync(join(room, 'source/letter'), 'dear');
  knownHosts = join(room, 'known_hosts');
  server.allow(`/usr/bin/rrsync -ro ${room}/source`);
});
afterAll(() => {
  server.stop();
  rmSync(room, { recursive: true });
});

/** The settings of a server whose name leads nowhere: only its addresses do. */
const settings = (...addresses: string[]) => {
  const config = parseConfig(
    `key: {derivation: sha512}\nsource: ${server.user}@backup.invalid\nport: 2222\naddresses: ${JSON.stringify(addresses)}\nssh: {knownHosts: ${knownHosts}}`,
    'file',
  );
  return { ssh: config.ssh, source: sourceOf(config) };
};

const list = async (...addresses: string[]): Promise<string> => {
  const { ssh, source } = settings(...addresses);
  const { rsh } = await wayTo(source, ssh, server.identity);
  const { stdout } = await run('/usr/bin/rsync', ['--list-only', `--rsh=${rsh}`, '--', `${source.source}:`]);
  return stdout;
};
const port = (): string => String(server.port);

describe('a real ssh server', () => {
  beforeAll(async () => {
    const { source } = settings(`127.0.0.1:${server.deadPort}`, `[::1]:${port()}`);
    expect(await pinHostKey(startProgram, knownHosts, serverOf(source), 'all')).toHaveLength(1);
  });

  it('has its key pinned under its own name, and is found at the address that answers', async () => {
    const { source } = settings('::1');
    expect((await pinnedHostKeys(knownHosts, serverOf(source))).map(({ line }) => line)).toEqual([
      `[backup.invalid]:2222 ${server.hostKey}`,
    ]);
    expect(await list(`127.0.0.1:${server.deadPort}`, `127.0.0.1:${port()}`)).toContain(' letter');
  });

  it('that has only an IPv6 address is read like any other', async () => {
    expect(await list(`[::1]:${port()}`)).toContain(' letter');
  });

  it('is reached with the settings of the link unit, too', async () => {
    const { ssh, source } = settings(`[::1]:${port()}`);
    const text = sshConfig({ ...source, ssh }, room, source.addresses?.[0]).replace(
      `${room}/identity`,
      server.identity,
    );
    writeFileSync(join(room, 'config'), text);
    const args = ['--list-only', `--rsh=/usr/bin/ssh -F ${room}/config`, '--', `server:`];
    expect((await run('/usr/bin/rsync', args)).stdout).toContain(' letter');
  });

  it('that shows another key than the pinned one gets nothing', async () => {
    const other = await startSshd();
    try {
      await expect(list(`127.0.0.1:${other.port}`, `127.0.0.1:${port()}`)).rejects.toMatchObject({
        stderr: expect.stringMatching(/Host key verification failed|IDENTIFICATION HAS CHANGED/) as string,
      });
      const { source } = settings(`127.0.0.1:${other.port}`, `[::1]:${port()}`);
      await expect(pinHostKey(startProgram, knownHosts, serverOf(source), 'all')).rejects.toMatchObject({
        code: 'EXB_HOST_KEY',
      });
    } finally {
      other.stop();
    }
  });
});
