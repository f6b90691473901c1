import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

/** A real sshd on this machine, with an account and a user list of its own, that listens on 127.0.0.1 and ::1. */
export interface RealSshd {
  readonly port: number;
  /** The account's login name; its home directory is `home`. */
  readonly user: string;
  readonly home: string;
  /** A key that {@link allow} lets in. */
  readonly identity: string;
  /** The public half of that key, one line. */
  readonly publicKey: string;
  /** One line for known_hosts, without the name. */
  readonly hostKey: string;
  /** Lets the key in, with this forced command. */
  allow(command: string): void;
  /** A port on which nothing listens. */
  readonly deadPort: number;
  stop(): void;
}

const tools = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'extbackup/tools');
const libraries = ['usr/lib', 'lib'].flatMap((top) =>
  ['x86_64-linux-gnu', 'aarch64-linux-gnu'].map((triplet) => join(tools, top, triplet)),
);

/** The sshd of this machine, or the unpacked one of test/prepare-host. */
const program = [join(tools, 'usr/sbin/sshd'), '/usr/sbin/sshd'].find((file) => existsSync(file)) ?? '';

/** Programs that sshd starts since OpenSSH 9.8. */
const newerParts = [
  ['SshdSessionPath', join(tools, 'usr/lib/openssh/sshd-session')],
  ['SshdAuthPath', join(tools, 'usr/lib/openssh/sshd-auth')],
] as const;

/** The user list with the two accounts, and a /run of its own, exist only in the mount namespace of the daemon. */
const script = `set -e
mount --bind "$1/passwd" /etc/passwd
mount -t tmpfs none /run; mkdir /run/sshd
exec "$2" -D -e -f "$1/config"`;

const user = 'plainbackup';
const keygen = (file: string): void => {
  execFileSync('/usr/bin/ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', file]);
};

export async function startSshd(): Promise<RealSshd> {
  const room = mkdtempSync(`${tmpdir()}/sshd-`);
  chmodSync(room, 0o755);
  const home = join(room, 'home');
  mkdirSync(join(home, '.ssh'), { recursive: true });
  keygen(join(room, 'host'));
  keygen(join(room, 'id'));
  const [port, deadPort] = [await freePort(), await freePort()];
  const own = [`${user}:*:1777:65534::${home}:/bin/sh`, 'sshd:*:1778:65534::/run/sshd:/usr/sbin/nologin'];
  const others = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .filter((line) => !/^(?:sshd|plainbackup):/.test(line));
  writeFileSync(join(room, 'passwd'), `${[...own, ...others.filter(Boolean)].join('\n')}\n`);
  const settings = [
    ...[`Port ${port}`, 'ListenAddress 127.0.0.1', 'ListenAddress ::1', `HostKey ${join(room, 'host')}`],
    ...['UsePAM no', 'StrictModes no', 'PidFile none', 'PasswordAuthentication no'],
    ...newerParts.filter(([, file]) => existsSync(file)).map(([name, file]) => `${name} ${file}`),
  ];
  writeFileSync(join(room, 'config'), `${settings.join('\n')}\n`);
  const child = spawn('/usr/bin/unshare', ['--mount', '/bin/bash', '-c', script, 'sshd', room, program], {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LD_LIBRARY_PATH: libraries.join(':') },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (data: Buffer) => {
      said += data.toString();
      if ((said.match(/Server listening/g) ?? []).length === 2) resolve();
    });
    child.once('exit', () => {
      reject(new Error(`sshd did not start (test/prepare-host unpacks it): ${said}`));
    });
  });
  const publicKey = readFileSync(join(room, 'id.pub'), 'utf8').trim();
  return {
    ...{ port, deadPort, user, home, publicKey, identity: join(room, 'id') },
    hostKey: readFileSync(join(room, 'host.pub'), 'utf8').trim(),
    allow: (command) => {
      const file = join(home, '.ssh/authorized_keys');
      writeFileSync(file, `command="${command}",restrict ${publicKey}\n`);
      chmodSync(file, 0o644);
    },
    stop: () => {
      child.kill();
      rmSync(room, { recursive: true });
    },
  };
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
  });
