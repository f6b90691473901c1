import { randomBytes } from 'node:crypto';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readIfThere } from '../system/atomic-file.ts';
import type { StartProgram } from '../system/command.ts';
import type { Paths } from '../system/paths.ts';
import { isUnitActive, startUnit, stopUnits } from '../system/units.ts';
import { borrowedRsh, sshConfig, type Place } from './ssh.ts';
import { whyNotConnected, type LinkState, type PullTrouble } from './verdict.ts';

/** A connection to the server. */
export interface Line {
  /** The remote shell for rsync. */
  readonly rsh: string;
  /** Runs what uses the connection, which is cut when that has ended, or shall end. */
  readonly start: StartProgram;
  /** How the connection was when what used it had ended; `unknown` before, and where nobody looks. */
  readonly state?: () => Promise<LinkState>;
}

/**
 * Gets at the server and does something there.
 * @throws LinkError when the server was not reached
 */
export type Reach = <T>(place: Place, signal: AbortSignal, work: (line: Line) => Promise<T>) => Promise<T>;

/** The server was not reached. */
export class LinkError extends Error {
  readonly trouble: PullTrouble;
  /** What ssh said of it. */
  readonly log: string;

  constructor(trouble: PullTrouble, log: string) {
    super(`the server was not reached: ${trouble}`);
    this.name = 'LinkError';
    this.trouble = trouble;
    this.log = log;
  }
}

const unitOf = (id: string): string => `extbackup-link@${id}.service`;

/** Every link; for the one that comes after an agent that died. */
export const allLinks = unitOf('*');

/** Wait this long for rsync to exit on its own before cutting the connection. */
const hangUpAfterMs = 1_000;

/** Longer than the unit's own limit. */
const longestConnectMs = 120_000;

/**
 * Reaches the server through a unit of its own, which has the network and the ssh key and nothing else: neither the
 * agent nor rsync has a network. What they share is a directory with ssh's settings, its control socket and what it says.
 * @param identityFile the ssh key in RAM
 */
export function createLink(start: StartProgram, paths: Pick<Paths, 'run'>, identityFile: string): Reach {
  return async (place, signal, work) => {
    const id = randomBytes(6).toString('hex');
    const directory = join(paths.run, 'link', id);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    try {
      await writeFile(join(directory, 'config'), sshConfig(place), { mode: 0o600 });
      // The unit sees what these lead to, and nothing around it.
      await symlink(identityFile, join(directory, 'identity'));
      await symlink(place.ssh.knownHosts, join(directory, 'known_hosts'));
      const unit = await startUnit(start, unitOf(id), longestConnectMs, signal);
      if (unit === 'absent') throw new LinkError('no-link', '');
      if (unit === 'failed') {
        const log = (await readIfThere(join(directory, 'log')))?.slice(-8_000) ?? '';
        throw new LinkError(whyNotConnected(log), log);
      }
      let state = Promise.resolve<LinkState>('unknown');
      const look = (): void => {
        state = isUnitActive(start, unitOf(id)).then((isUp) => (isUp ? 'up' : 'down'));
      };
      const hangUp = (): void => {
        void stopUnits(start, unitOf(id));
      };
      const control = join(directory, 'control');
      return await work({
        rsh: borrowedRsh(control),
        start: hangingUp(start, look, hangUp),
        state: () => state,
      });
    } finally {
      await stopUnits(start, unitOf(id));
      await rm(directory, { recursive: true, force: true });
    }
  };
}

/** ssh in its unit holds the pipes of whoever uses the connection: without this, a server that stands still would keep them open. */
function hangingUp(start: StartProgram, look: () => void, hangUp: () => void): StartProgram {
  return async (command) => {
    let timer: NodeJS.Timeout | undefined;
    const soon = (): void => {
      timer ??= setTimeout(hangUp, hangUpAfterMs);
    };
    if (command.signal?.aborted === true) soon();
    else command.signal?.addEventListener('abort', soon, { once: true });
    try {
      const onExit = (): void => {
        look();
        soon();
      };
      return await start({ ...command, onExit });
    } finally {
      clearTimeout(timer);
      command.signal?.removeEventListener('abort', soon);
    }
  };
}
