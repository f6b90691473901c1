import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { execa } from 'execa';
import type { SshCommand } from './host.ts';
import type { Child } from './machine.ts';

/** One ssh connection to the station for all commands: a new one takes a second in an emulated guest. */
export class SshConnection {
  readonly #directory: string;
  readonly #loginKey: string;
  #master: Child | undefined;
  #control = '';
  #count = 0;

  constructor(directory: string, loginKey: string) {
    this.#directory = directory;
    this.#loginKey = loginKey;
  }

  /** How to run a command over the connection. */
  readonly command: SshCommand = () => [
    'ssh',
    '-S',
    this.#control,
    '-o',
    'ControlMaster=no',
    '-o',
    'LogLevel=ERROR',
    'root@station',
    '--',
  ];

  /** Tries to connect until sshd answers. Throws after `timeoutMs`. */
  async open(port: number, timeoutMs: number): Promise<void> {
    const begin = Date.now();
    while (Date.now() < begin + timeoutMs) {
      // The port accepts before the guest is up, so a try is short; a slow guest needs longer ones for the key exchange.
      const seconds = Math.min(Math.max(5, Math.round((Date.now() - begin) / 10_000)), 40);
      if (await this.#tryToOpen(port, seconds)) return;
      await pause(200);
    }
    throw new Error(`The guest did not answer over ssh within ${String(timeoutMs / 1000)} s.`);
  }

  /** Drops the connection, for a guest that was switched off or restored from a snapshot. */
  async drop(): Promise<void> {
    this.#master?.kill('SIGKILL');
    await this.#master;
    this.#master = undefined;
    if (this.#control) await rm(this.#control, { force: true });
  }

  async #tryToOpen(port: number, seconds: number): Promise<boolean> {
    await this.drop();
    this.#control = join(this.#directory, `ssh${String(++this.#count)}`);
    const options = [
      'BatchMode=yes',
      'IdentitiesOnly=yes',
      'StrictHostKeyChecking=no',
      'UserKnownHostsFile=/dev/null',
      `ConnectTimeout=${String(seconds)}`,
      'ServerAliveInterval=15',
      'ServerAliveCountMax=20',
      'Ciphers=aes128-gcm@openssh.com',
    ];
    const args = [
      '-M',
      '-S',
      this.#control,
      '-N',
      '-F',
      'none',
      '-p',
      String(port),
      '-i',
      this.#loginKey,
      ...options.flatMap((option) => ['-o', option]),
    ];
    const master = execa('setpriv', ['--pdeathsig', 'KILL', 'ssh', ...args, 'root@127.0.0.1'], {
      stdio: 'ignore',
      reject: false,
    });
    this.#master = master;
    const gone = master.then(() => true);
    const end = Date.now() + seconds * 1_000 + 3_000;
    while (Date.now() < end) {
      if (existsSync(this.#control)) return true;
      if (await Promise.race([gone, pause(20, false)])) return false;
    }
    return false;
  }
}
