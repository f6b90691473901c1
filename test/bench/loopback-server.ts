import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { execa } from 'execa';

/** A server on loopback that allows nothing but reading one directory, as `extbackup server-setup` sets it up. */
export interface LoopbackServer {
  /** A program that rsync starts in place of ssh. */
  readonly shell: string;
  readonly stop: () => Promise<void>;
}

/**
 * Starts an sshd with keys of its own. Needs root, and Debian's openssh-server, whose service need not run.
 * @param directory for its files
 * @param source that rrsync lets the key read
 */
export async function startLoopbackServer(directory: string, source: string): Promise<LoopbackServer> {
  const [port, hostKey, key] = [await freePort(), join(directory, 'host-key'), join(directory, 'key')];
  await mkdir('/run/sshd', { recursive: true, mode: 0o755 });
  for (const file of [hostKey, key]) await execa('/usr/bin/ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file]);
  const { stdout: publicKey } = await execa('/usr/bin/cat', [`${key}.pub`]);
  const { stdout: hostPublic } = await execa('/usr/bin/cat', [`${hostKey}.pub`]);
  await writeFile(join(directory, 'allowed'), `command="/usr/bin/rrsync -ro ${source}",restrict ${publicKey}\n`);
  await writeFile(join(directory, 'known'), `[127.0.0.1]:${String(port)} ${hostPublic}\n`);
  await writeFile(
    join(directory, 'sshd'),
    `ListenAddress 127.0.0.1:${String(port)}\nHostKey ${hostKey}\nAuthorizedKeysFile ${join(directory, 'allowed')}\n` +
      `PermitRootLogin forced-commands-only\nStrictModes no\nPidFile none\nUsePAM no\n`,
  );
  const shell = join(directory, 'shell');
  await writeFile(
    shell,
    `#!/bin/sh\n# Whatever host is named, this server is asked.\nwhile [ "$1" != rsync ]; do shift; done\nexec /usr/bin/ssh -F none -T -x -p ${String(port)} -i '${key}' -o IdentitiesOnly=yes -o BatchMode=yes ` +
      `-o StrictHostKeyChecking=yes -o UserKnownHostsFile='${join(directory, 'known')}' root@127.0.0.1 "$@"\n`,
    { mode: 0o755 },
  );
  const server = execa('/usr/sbin/sshd', ['-D', '-f', join(directory, 'sshd')], { reject: false });
  for (let tries = 0; !(await answers(shell)); tries += 1) {
    if (tries === 50) throw new Error(`sshd does not answer: ${(await server).stderr}`);
    await pause(100);
  }
  return {
    shell,
    stop: async () => {
      server.kill();
      await server;
    },
  };
}

const answers = async (shell: string): Promise<boolean> => {
  const { exitCode } = await execa(shell, ['rsync', '--version'], { reject: false });
  return exitCode !== 255;
};

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
  });
