import { rsyncsOf, type RsyncProcess } from './processes.ts';

/**
 * Watches whether the rsync processes of a group make progress. Detects stalls that rsync's own time limit misses:
 * processes that are stopped or hang in the kernel, and a server that sends only keep-alives.
 */
export interface StallTimer {
  /** Aborted when nothing moved for too long. */
  readonly signal: AbortSignal;
  /** @param group id of the process group */
  begin(group: number): void;
  /** Called at every output of the processes. */
  moved(): void;
  stop(): void;
}

/** The work of the processes so far. */
interface Doings {
  readonly processes: string;
  /** Bytes read and written, by system call and from disks. */
  readonly bytes: number;
  /** Processor time in clock ticks: scanning an unchanged directory moves no bytes. */
  readonly ticks: number;
}

/** Keep-alives between two rsyncs take some ten bytes a minute. */
const fewBytes = 4_096;
/** Half a second. A pull that waits costs a few milliseconds of it in an hour. */
const fewTicks = 50;

/**
 * @param limitMs longest time without progress
 * @param onLook gets the processes at each look, so that others need no look of their own
 */
export function createStallTimer(
  limitMs: number,
  onLook?: (processes: readonly RsyncProcess[]) => Promise<void>,
): StallTimer {
  const stalled = new AbortController();
  const everyMs = Math.min(15_000, Math.max(50, limitMs / 20));
  let timer: NodeJS.Timeout | undefined;
  let quietMs = 0; // count our own steps: time in which the machine was suspended does not count
  let before: Doings | undefined;
  let looking = false;
  const look = async (group: number): Promise<void> => {
    if (looking) return; // a hanging /proc means no progress, too
    looking = true;
    try {
      const members = await rsyncsOf(group);
      const now = doingsOf(members);
      if (before === undefined || hasMoved(before, now)) {
        before = now;
        quietMs = 0;
      }
      await onLook?.(members);
    } finally {
      looking = false;
    }
  };
  const stop = (): void => {
    clearInterval(timer);
  };
  return {
    signal: stalled.signal,
    begin: (group) => {
      timer = setInterval(() => {
        quietMs += everyMs;
        if (quietMs > limitMs) {
          stop();
          stalled.abort();
        } else look(group).catch(() => undefined); // /proc is unreadable: rely on rsync's output instead
      }, everyMs);
    },
    moved: () => {
      quietMs = 0;
    },
    stop,
  };
}

/** A process that started or ended is progress, too. */
const hasMoved = (before: Doings, now: Doings): boolean =>
  before.processes !== now.processes || now.bytes - before.bytes >= fewBytes || now.ticks - before.ticks >= fewTicks;

const doingsOf = (members: readonly RsyncProcess[]): Doings => ({
  processes: members.map(({ pid }) => pid).join(' '),
  bytes: members.reduce((sum, { moved }) => sum + moved, 0),
  ticks: members.reduce((sum, one) => sum + one.ticks, 0),
});
