import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkAddresses } from '../../../src/doctor/address-check.ts';
import { PullError } from '../../../src/errors.ts';
import { fingerprintOf, parseHostKeys, pinHostKey, pinnedHostKeys } from '../../../src/keys/host-key.ts';
import type { StartProgram } from '../../../src/system/command.ts';

const ed25519 = 'AAAAC3NzaC1lZDI1NTE5AAAAIBdt2Y8oIkl0KuuJ0Zk9dZcLCnQ1YMEVb5kN3Xhv5sX1';
const ecdsa = 'AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBEm';
const server = { host: 'backup.example.org', port: 2222 };
const name = '[backup.example.org]:2222';
const scan = `# ${name} SSH-2.0-OpenSSH\n${name} ssh-ed25519 ${ed25519}\n${name} ecdsa-sha2-nistp256 ${ecdsa}\n`;
const showing =
  (stdout: string): StartProgram =>
  () =>
    Promise.resolve({ exitCode: 0, stdout, stderr: '' });

let directory: string;
let file: string;
beforeEach(async () => {
  directory = await mkdtemp(`${tmpdir()}/host-key-`);
  file = `${directory}/known_hosts`;
});
afterEach(() => rm(directory, { recursive: true }));

describe('pinning a host key', () => {
  it('keeps only the key that has the given fingerprint', async () => {
    await pinHostKey(showing(scan), file, server, { fingerprint: fingerprintOf(ed25519) });
    expect(await readFile(file, 'utf8')).toBe(`${name} ssh-ed25519 ${ed25519}\n`);
    expect((await pinnedHostKeys(file, server)).map(({ type }) => type)).toEqual(['ssh-ed25519']);
  });

  it('keeps all keys when the server is trusted', async () => {
    expect(await pinHostKey(showing(scan), file, server, 'all')).toHaveLength(2);
    expect(await pinnedHostKeys(file, server)).toHaveLength(2);
  });

  it("replaces the server's keys and leaves those of other servers alone", async () => {
    const others = `# of the other site\nother.example.org ssh-ed25519 ${ecdsa}\n[backup.example.org]:22022 ssh-ed25519 ${ecdsa}\n`;
    await writeFile(file, `${name},10.0.0.1 ssh-ed25519 ${ecdsa}\n${others}${name} ssh-rsa ${ecdsa}\n`);
    await pinHostKey(showing(scan), file, server, { fingerprint: fingerprintOf(ed25519) });
    expect(await readFile(file, 'utf8')).toBe(`${others}${name} ssh-ed25519 ${ed25519}\n`);
  });

  it('changes nothing when no key has the fingerprint', async () => {
    await writeFile(file, 'as before\n');
    await expect(pinHostKey(showing(scan), file, server, { fingerprint: `SHA256:${'A'.repeat(43)}` })).rejects.toThrow(
      PullError,
    );
    expect(await readFile(file, 'utf8')).toBe('as before\n');
  });

  it('changes nothing when the server does not answer', async () => {
    await writeFile(file, scan);
    expect(await pinHostKey(showing(''), file, server, 'all')).toEqual([]);
    expect(await pinnedHostKeys(file, server)).toHaveLength(2);
  });

  it('does not take the key of another port or host for ours', async () => {
    await writeFile(file, scan);
    expect(await pinnedHostKeys(file, { ...server, port: 22 })).toEqual([]);
    expect(await pinnedHostKeys(file, { ...server, host: 'other.example.org' })).toEqual([]);
  });
});

it('leaves out comments, markers and torn lines', () => {
  expect(parseHostKeys(`# x y z\n@revoked * ssh-ed25519 ${ed25519}\nhost ssh-ed25519\n\n`)).toEqual([]);
});

describe('a server with several addresses', () => {
  const several = {
    ...server,
    addresses: [
      { host: '10.0.0.5', port: 22 },
      { host: 'vpn.example.org', port: 2222 },
    ],
  };
  const shows =
    (byHost: Record<string, string>): StartProgram =>
    ({ args }) => {
      const host = args.at(-1) ?? '';
      const key = byHost[host];
      return Promise.resolve({
        exitCode: 0,
        stdout: key === undefined ? '' : `${host} ssh-ed25519 ${key}\n`,
        stderr: '',
      });
    };

  it('has its key pinned under its own name, whichever address answers', async () => {
    await pinHostKey(shows({ 'vpn.example.org': ed25519 }), file, several, 'all');
    expect(await readFile(file, 'utf8')).toBe(`${name} ssh-ed25519 ${ed25519}\n`);
    expect(await pinnedHostKeys(file, server)).toHaveLength(1);
  });

  it('has nothing pinned when two addresses show different keys', async () => {
    const pinning = pinHostKey(shows({ '10.0.0.5': ed25519, 'vpn.example.org': ecdsa }), file, several, 'all');
    await expect(pinning).rejects.toMatchObject({
      code: 'EXB_HOST_KEY',
      message: expect.stringContaining('10.0.0.5 shows SHA256:') as string,
    });
    expect(await pinnedHostKeys(file, server)).toEqual([]);
  });

  it.each([
    ['answers nowhere', {}, 'fail', /No address .* answers: 10\.0\.0\.5, vpn\.example\.org:2222/],
    [
      'answers at one',
      { 'vpn.example.org': ed25519 },
      'ok',
      /at vpn\.example\.org:2222, with the pinned host key; no answer from here: 10\.0\.0\.5\./,
    ],
    [
      'shows another key at one',
      { 'vpn.example.org': ed25519, '10.0.0.5': ecdsa },
      'fail',
      /is shown at 10\.0\.0\.5: another machine/,
    ],
  ] as const)('that %s is told so by doctor', async (_what, byHost, verdict, words) => {
    await writeFile(file, `${name} ssh-ed25519 ${ed25519}\n`);
    const found = await checkAddresses(shows(byHost), file, several);
    expect(found).toMatchObject({ verdict, happened: expect.stringMatching(words) as string });
  });
});
