import type { EventEmitter } from 'node:events';

/** A program and all that it started, as long as they are waited for. */
export interface GroupEnd {
  /** Ends at once whoever is left. */
  kill(): void;
  /** The waiting is over. */
  stop(): void;
}

/** The leader knows best in which order its own processes end; rsync's receiver may be about to put a file in its place. */
const leaderFirstMs = 1_000;

/** A stopped process is woken when its SIGTERM waits for it; woken earlier, it would go on where it stood, or end as if all were well. */
const wakeAfterMs = 50;

/**
 * Lets a whole process group end when the signal is aborted or the time is over: its leader gets SIGTERM from whoever
 * started it, all others a little later, SIGKILL after `killDelayMs`. A stopped process is woken, so that it can tidy
 * up. When the leader has ended by itself, whoever of its group still holds its pipes gets as long.
 */
export function endWithGroup(
  leader: Pick<EventEmitter, 'once' | 'off'> & { readonly pid?: number | undefined },
  signal: AbortSignal | undefined,
  timeoutMs: number,
  killDelayMs: number,
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
    // Its SIGTERM comes from who started it; a second one would disturb its tidying up.
    timers.push(
      setTimeout(() => {
        signalOne(pid, 'SIGCONT');
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

/** Ends at once whoever is left of a group whose leader has ended; no new process can have its number while somebody is. */
export const endGroup = (pid: number): void => {
  signalGroup(pid, 'SIGKILL');
};

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
