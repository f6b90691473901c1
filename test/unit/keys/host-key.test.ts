import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
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
