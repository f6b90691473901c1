import { randomBytes } from 'node:crypto';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Address } from '../config/address.ts';
import { readSmallFile } from '../system/plain-file.ts';
import type { StartProgram } from '../system/command.ts';
import type { Paths } from '../system/paths.ts';
import { failedBeforeStart, forgetFailure, isUnitActive, startUnit, stopUnits } from '../system/units.ts';
import { createTurns, type Reached } from './in-turn.ts';
import { LinkError } from './link-error.ts';
import { borrowedRsh, sshConfig, type Place } from './ssh.ts';
import { whyNotConnected, type LinkState } from './verdict.ts';

/** A connection to the server. */
export interface Line {
  /** The remote shell for rsync. */
  readonly rsh: string;
  /** Files that the remote shell needs to see. */
  readonly needs?: readonly string[];
  /** Runs the user of the connection; the connection is cut when the user has ended or must end. */
  readonly start: StartProgram;
  /** State of the connection when its user failed; `unknown` before that, and where it is not measured. */
  readonly state?: () => Promise<LinkState>;
  /** Set for a server with several addresses. */
  readonly reached?: Reached | undefined;
}

/**
 * Connects to the server and runs a task.
 * @throws LinkError when the server was not reached
 */
export type Reach = <T>(place: Place, signal: AbortSignal, work: (line: Line) => Promise<T>) => Promise<T>;

const unitOf = (id: string): string => `extbackup-link@${id}.service`;

/** Pattern for every link; used after an agent died. */
export const allLinks = unitOf('*');

/** Where systemd puts the unit's copies of the key, the host keys and the settings. */
const credentialsOf = (id: string): string => `/run/credentials/${unitOf(id)}`;

/** The unit's limit of its log. */
const mostLog = 256 * 1024;

/** Wait this long for rsync to exit on its own before cutting the connection. */
const hangUpAfterMs = 1_000;

/** Longer than the unit's own limit. */
const longestConnectMs = 120_000;

/**
 * Reaches the server through a separate unit, which has only the network and the ssh key; the agent and rsync have no
 * network. A directory of the agent has ssh's settings and its log; the unit has one
 * of its own, with the control socket.
 * @param identityFile the ssh key in RAM
 */
export function createLink(start: StartProgram, paths: Pick<Paths, 'run'>, identityFile: string): Reach {
  const turns = createTurns();
  const connect = async <T>(
    place: Place,
    { at, reached }: { readonly at: Address | undefined; readonly reached: Reached | undefined },
    signal: AbortSignal,
    work: (line: Line) => Promise<T>,
  ): Promise<T> => {
    const id = randomBytes(6).toString('hex');
    const directory = join(paths.run, 'link', id);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    let state = Promise.resolve<LinkState>('unknown');
    try {
      await writeFile(join(directory, 'config'), sshConfig(place, credentialsOf(id), at), { mode: 0o600 });
      // systemd reads the targets of these links for the unit.
      await symlink(identityFile, join(directory, 'identity'));
      await symlink(place.ssh.knownHosts, join(directory, 'known_hosts'));
      const unit = await startUnit(start, unitOf(id), longestConnectMs, signal);
      if (unit === 'absent') throw new LinkError('no-link', '');
      if (unit !== 'done') {
        if (await failedBeforeStart(start, unitOf(id))) throw new LinkError('no-link', '');
        const log = (await readSmallFile(join(directory, 'log'), mostLog))?.slice(-8_000) ?? '';
        throw new LinkError(whyNotConnected(log), log);
      }
      const askState = (): void => {
        state = isUnitActive(start, unitOf(id)).then((isUp) => (isUp ? 'up' : 'down'));
      };
      const hangUp = (): void => {
        void stopUnits(start, unitOf(id));
      };
      const control = `${paths.run}-link-${id}/control`;
      return await work({
        rsh: borrowedRsh(control),
        needs: [control],
        start: hangingUp(start, askState, hangUp),
        state: () => state,
        reached,
      });
    } catch (error) {
      if (error instanceof LinkError) await forgetFailure(start, unitOf(id));
      throw error;
    } finally {
      await stopUnits(start, unitOf(id));
      // A connection that broke is told by the run; the machine is not degraded for it until the next boot.
      if ((await state.catch(() => undefined)) === 'down') await forgetFailure(start, unitOf(id));
      await rm(directory, { recursive: true, force: true });
    }
  };
  return (place, signal, work) =>
    turns.take(place, signal, (at, reached) => connect(place, { at, reached }, signal, work));
}

/** ssh in its unit holds the pipes of the connection's user: without this, a stalled server would keep them open. */
function hangingUp(start: StartProgram, askState: () => void, hangUp: () => void): StartProgram {
  return async (command) => {
    let timer: NodeJS.Timeout | undefined;
    const soon = (): void => {
      timer ??= setTimeout(hangUp, hangUpAfterMs);
    };
    if (command.signal?.aborted === true) soon();
    else command.signal?.addEventListener('abort', soon, { once: true });
    try {
      const onExit = (exitCode: number | null): void => {
        if (exitCode !== 0) askState();
        soon();
      };
      return await start({ ...command, onExit });
    } finally {
      clearTimeout(timer);
      command.signal?.removeEventListener('abort', soon);
    }
  };
}
