import type { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';

/** A running program and its descendants. */
export interface GroupEnd {
  /** Kills all remaining processes at once. */
  kill(): void;
  /** Stops watching. */
  stop(): void;
}

/** Time for the leader to end its own processes in order; rsync's receiver may be about to rename a finished file. */
const leaderFirstMs = 1_000;

/** A stopped process is continued after SIGTERM was sent; if it were continued before, it would go on with its work. */
const wakeAfterMs = 50;

/**
 * Lets a whole process group end when the signal is aborted or the time is over: its leader gets SIGTERM from whoever
 * started it, all others a little later, SIGKILL after `killDelayMs`. A stopped process is woken, so that it can tidy
 * up. When the leader has ended by itself, group members that still hold its pipes get the same time.
 * @param isBoxed the leader is a box around the program, and ignores SIGTERM: the program gets it from here
 */
export function endWithGroup(
  leader: Pick<EventEmitter, 'once' | 'off'> & { readonly pid?: number | undefined },
  signal: AbortSignal | undefined,
  timeoutMs: number,
  killDelayMs: number,
  isBoxed = false,
): GroupEnd {
  const { pid } = leader;
  if (pid === undefined) return { kill: () => undefined, stop: () => undefined };
  const timers: NodeJS.Timeout[] = [];
  const kill = (): void => {
    signalGroup(pid, 'SIGKILL');
  };
  const killSoon = (): void => {
    timers.push(setTimeout(kill, killDelayMs));
  };
  const terminateAll = (): void => {
    signalGroup(pid, 'SIGTERM');
    signalGroup(pid, 'SIGCONT');
  };
  const terminate = (): void => {
    // the leader gets its SIGTERM elsewhere; a second one would disturb its clean-up
    const first = isBoxed ? programInBox(pid) : pid;
    if (isBoxed && first !== undefined) signalOne(first, 'SIGTERM');
    timers.push(
      setTimeout(() => {
        if (first !== undefined) signalOne(first, 'SIGCONT');
      }, wakeAfterMs),
    );
    timers.push(setTimeout(terminateAll, leaderFirstMs));
    killSoon();
  };
  timers.push(setTimeout(terminate, timeoutMs));
  if (signal?.aborted === true) terminate();
  else signal?.addEventListener('abort', terminate, { once: true });
  leader.once('exit', killSoon);
  process.once('exit', kill);
  return {
    kill,
    stop: () => {
      for (const timer of timers) clearTimeout(timer);
      signal?.removeEventListener('abort', terminate);
      leader.off('exit', killSoon);
      process.off('exit', kill);
    },
  };
}

/**
 * Kills the rest of a group whose leader has ended; the kernel does not reuse the group's number while a member lives.
 */
export const endGroup = (pid: number): void => {
  signalGroup(pid, 'SIGKILL');
};

/** Of bwrap(1): it starts the first process of the box, which starts the program. undefined when it is not there yet. */
function programInBox(leader: number): number | undefined {
  const first = childOf(leader);
  return first === undefined ? undefined : childOf(first);
}

function childOf(pid: number): number | undefined {
  try {
    return Number(/^\d+/.exec(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'))?.[0]) || undefined;
  } catch {
    return undefined; // it has just ended
  }
}

const signalGroup = (pid: number, name: NodeJS.Signals): void => {
  signalOne(-pid, name);
};

function signalOne(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // nobody is left
  }
}
