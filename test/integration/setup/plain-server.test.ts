import { execFile, execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../../../src/config/load.ts';
import { sourceOf } from '../../../src/config/sources.ts';
import { copyArgs, compareArgs, recheckArgs, surveyArgs } from '../../../src/rsync/arguments.ts';
import { fetchFile } from '../../../src/rsync/fetch-file.ts';
import { isFilled } from '../../../src/rsync/list-source.ts';
import { whyNotRead } from '../../../src/rsync/verdict.ts';
import { renderPlainScript } from '../../../src/setup/plain-script.ts';
import { startProgram } from '../../../src/system/command.ts';
import { startSshd, type RealSshd } from '../rsync/real-sshd.ts';

/** A real sshd and an account without sudo and rrsync, as on a NAS. */
let server: RealSshd;
let room: string;
let data: string;
const asAccount = (args: readonly string[], input: string): string =>
  execFileSync('/usr/bin/setpriv', ['--reuid=1777', '--regid=65534', '--clear-groups', ...args], {
    input,
    env: { HOME: server.home, PATH: '/usr/bin:/bin' },
    encoding: 'utf8',
  });
beforeAll(async () => {
  server = await startSshd();
  room = mkdtempSync(`${tmpdir()}/plain-`);
  chmodSync(room, 0o755);
  data = join(room, 'data');
  for (const directory of ['data/mail/deep', 'data/empty', 'mirror'])
    mkdirSync(join(room, directory), { recursive: true });
  for (const name of ['data/letter', 'data/mail/one', 'data/mail/deep/two', 'secret', 'data/.extbackup-heartbeat'])
    writeFileSync(join(room, name), name);
  symlinkSync(room, join(data, 'out'));
  for (const directory of [server.home, join(server.home, '.ssh')]) chownSync(directory, 1777, 65534);
  writeFileSync(join(server.home, '.ssh/authorized_keys'), 'ssh-ed25519 AAAAother somebody@else\n');
  chownSync(join(server.home, '.ssh/authorized_keys'), 1777, 65534);
});
afterAll(() => {
  server.stop();
  rmSync(room, { recursive: true });
});

const publicKey = (): string => `${server.publicKey.trim()} extbackup@station`;
const script = (): string => renderPlainScript({ directory: data, publicKeys: [publicKey()] });
const config = () =>
  parseConfig(`key: {derivation: sha512}\nsource: ${server.user}@127.0.0.1\nport: ${server.port}`, 'file');
const rsh = (): string =>
  `/usr/bin/ssh -F none -T -p ${server.port} -i ${server.identity} -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR`;

const run = (
  file: string,
  args: readonly string[],
  input = '',
): Promise<{ code: number; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    const child = execFile(file, args, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
    child.stdin?.end(input);
  });
/** What the account starts for the station, as sshd would start it. */
const ask = (command: string): Promise<{ code: number; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    const env = { SSH_ORIGINAL_COMMAND: command, PATH: '/usr/bin:/bin', HOME: server.home };
    const account = ['--reuid=1777', '--regid=65534', '--clear-groups'];
    const started = [...account, '/bin/sh', join(server.home, '.ssh/extbackup-sender'), data];
    const child = execFile('/usr/bin/setpriv', started, { env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
    child.stdin?.end();
  });
const names = (directory: string): string[] =>
  execFileSync('/usr/bin/find', [directory, '-type', 'f', '-printf', '%P\n'], { encoding: 'utf8' })
    .split('\n')
    .filter(Boolean)
    .sort();

describe('the script for a server without sudo and rrsync', () => {
  it('keeps the keys of others, and changes nothing the second time', () => {
    expect(asAccount(['/bin/sh'], script())).toContain(`lets the station read ${data}, and nothing else`);
    const keys = readFileSync(join(server.home, '.ssh/authorized_keys'), 'utf8');
    expect(keys.split('\n')).toEqual([
      'ssh-ed25519 AAAAother somebody@else',
      expect.stringMatching(
        /^command="\/bin\/sh \S+\/\.ssh\/extbackup-sender \S+\/data",no-agent-forwarding,.*,no-X11-forwarding ssh-ed25519 /,
      ),
      '',
    ]);
    asAccount(['/bin/sh'], script());
    expect(readFileSync(join(server.home, '.ssh/authorized_keys'), 'utf8')).toBe(keys);
  });

  it('refuses a directory that is not there, and one that the account cannot read', () => {
    mkdirSync(join(room, 'closed'), { mode: 0o700 });
    for (const directory of [`${data}/nowhere`, join(room, 'closed')])
      expect(() => asAccount(['/bin/sh'], renderPlainScript({ directory, publicKeys: [publicKey()] }))).toThrow(
        /cannot read/,
      );
  });

  it('takes no name that means something else in authorized_keys', () => {
    for (const directory of ['data', '/a b', '/a"b', '/a/../b', '/$HOME', '/a\nb'])
      expect(() => renderPlainScript({ directory, publicKeys: [publicKey()] })).toThrow(/--directory must be/);
    expect(() => renderPlainScript({ directory: '/a', publicKeys: ["ssh-ed25519 AAAA x'y"] })).toThrow(
      /unexpected form/,
    );
  });
});

describe('through the forced command', () => {
  const target = () => ({ mirror: join(room, 'mirror'), rsh: rsh() });

  it('every rsync of a run works', async () => {
    const settings = config();
    const source = sourceOf(settings);
    const copied = await run('/usr/bin/rsync', copyArgs(settings, source, target()));
    expect([copied.code, copied.stderr]).toEqual([0, '']);
    expect(names(join(room, 'mirror'))).toEqual(names(data));
    expect((await run('/usr/bin/rsync', surveyArgs(settings, source, target()))).code).toBe(0);
    writeFileSync(join(room, 'list'), 'mail/one\0');
    expect((await run('/usr/bin/rsync', compareArgs(settings, source, target(), join(room, 'list')))).stdout).toContain(
      'mail/one',
    );
    const recheck = recheckArgs(settings, source, target(), { list: join(room, 'list') });
    expect((await run('/usr/bin/rsync', recheck)).code).toBe(0);
    const below = { ...source, source: `${source.source}:mail` };
    rmSync(join(room, 'mirror'), { recursive: true });
    mkdirSync(join(room, 'mirror'));
    const part = await run('/usr/bin/rsync', copyArgs(settings, below, { ...target(), isCompressed: true }));
    expect([part.code, part.stderr]).toEqual([0, '']);
    expect(names(join(room, 'mirror'))).toEqual(['deep/two', 'one']);
  });

  it('required paths and the heartbeat are read', async () => {
    const settings = config();
    const question = { config: settings, source: sourceOf(settings), rsh: rsh() };
    const filled = (path: string) => isFilled(startProgram, { ...question, path }, AbortSignal.timeout(30_000));
    expect(await filled('mail')).toEqual({ filled: true });
    expect(await filled('mail/deep')).toEqual({ filled: true });
    expect(await filled('letter')).toEqual({ filled: true });
    expect(await filled('empty')).toEqual({ filled: false });
    expect(await filled('nowhere/x')).toEqual({ filled: false });
    const fetched = await fetchFile(
      startProgram,
      { ...question, path: '.extbackup-heartbeat', top: room },
      AbortSignal.timeout(30_000),
    );
    expect(fetched).toEqual({ content: 'data/.extbackup-heartbeat' });
  });

  it('nothing is written, and nothing else is started', async () => {
    const upload = await run('/usr/bin/rsync', ['-r', `--rsh=${rsh()}`, `${room}/secret`, `${server.user}@127.0.0.1:`]);
    expect(upload.stderr).toContain('extbackup-sender: this key is read-only');
    expect(existsSync(join(data, 'secret'))).toBe(false);
    const [ssh = '', ...options] = rsh().split(' ');
    expect((await run(ssh, [...options, `${server.user}@127.0.0.1`, 'id'])).stderr).toContain(
      'extbackup-sender: only an rsync',
    );
    for (const command of [
      'id',
      'true',
      '',
      'sh',
      'rsync',
      'rsync --daemon --server --sender . .',
      'rsync --server --sender',
      'rsync --server --sender -r .; id . .',
      'rsync --server --sender -r . $(id)',
      'rsync --server --sender -r . `id`',
      'rsync --server --sender -r . .\nid',
      'rsync --server --sender -r . . | id',
      "rsync --server --sender -r . 'a b'",
      'rsync --server --sender -r . *',
    ]) {
      const { code, stdout, stderr } = await ask(command);
      expect([command, code, stdout.includes('uid='), /extbackup-sender: /.test(stderr)]).toEqual([
        command,
        1,
        false,
        true,
      ]);
      expect(whyNotRead(code, stderr)).toBe('refused');
    }
  });

  it.each([
    '-rL',
    '-rk',
    '-rK',
    '-rs',
    '-rM',
    '-',
    '--copy-links',
    '--copy-unsafe-links',
    '--rsync-path=/bin/sh',
    '--rsh=id',
    '--files-from=/etc/passwd',
    '--log-file=/tmp/x',
    '--remove-source-files',
    '--daemon',
    '--config=/x',
    '--exclude-from=/etc/passwd',
    '--',
    '--write-batch=x',
  ])('the option %s is refused', async (option) => {
    expect((await ask(`rsync --server --sender ${option} . .`)).stderr).toMatch(
      /extbackup-sender: (?:option|no path|an arg)/,
    );
  });

  it('no path leads out of the directory', async () => {
    const list = (path: string, ...more: string[]) =>
      run('/usr/bin/rsync', ['-r', '--list-only', `--rsh=${rsh()}`, ...more, '--', `${server.user}@127.0.0.1:${path}`]);
    for (const path of ['..', '../', 'mail/../..', 'out/', 'out/secret', 'mail/../../secret'])
      expect([path, (await list(path)).stdout]).toEqual([path, '']);
    expect((await list('/etc/')).stdout).toBe('');
    expect((await list('out')).stdout).not.toContain('secret');
    expect((await list('mail/')).stdout).toContain(' deep/two');
    writeFileSync(join(room, 'names'), '../secret\n/../secret\nmail/../../secret\nletter\n');
    mkdirSync(join(room, 'by-list'));
    const args = ['-r', `--rsh=${rsh()}`, `--files-from=${join(room, 'names')}`];
    await run('/usr/bin/rsync', [...args, '--', `${server.user}@127.0.0.1:`, join(room, 'by-list/')]);
    expect(names(join(room, 'by-list'))).toEqual(['letter']);
  });
});
