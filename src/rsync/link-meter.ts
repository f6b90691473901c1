import { slowLink } from './compression.ts';
import { isReceiver, type RsyncProcess } from './processes.ts';
import type { Load } from './load.ts';

/** Measures the speed of a link during a pull. Returns it only if the link is the reason why the pull waits. */
export interface LinkMeter {
  /** Called every now and then with the rsyncs of the pull. */
  see(processes: readonly RsyncProcess[]): Promise<void>;
  /** Bytes per second: of a fast link at least this; of a slow one this. undefined while it is unknown. */
  speed(): number | undefined;
  /** The pull waited for the link for a while, so {@link speed} is all that the link gives. */
  isFull(): boolean;
}

/** How a pull uses its link. */
export interface LinkUse {
  readonly isCompressed?: boolean;
  /** Changed files are transferred whole; see whole-file.ts. */
  readonly isWhole?: boolean;
  readonly meter?: LinkMeter;
  /** Replaced by tests. */
  readonly readLoad?: (directory: string) => Promise<Load>;
  /** The link turned out to be slow, and much is still to be copied: rsync is started again, compressed. */
  readonly isBetterCompressed?: () => boolean;
}

/** A stretch of the pull. */
interface Stretch {
  readonly bytesPerSecond: number;
  /** Disk and processor had time, so the pull waited for something else. */
  readonly waited: boolean;
}

interface Seen extends Load {
  readonly pid: string;
  readonly atMs: number;
  readonly bytes: number;
}

/** Shorter stretches show the buffers, not the link, in milliseconds. */
const stretchMs = 5_000;
/** A full link has the same speed in each stretch; a link that waits for something else has another one each time. */
const steady = { stretches: 3, ratio: 1.5 };
/** Less comes while files are only compared, in bytes per second. */
const least = 32 * 1024;
/** The least share of the time that the processor had nothing to do, and the largest that the disk had. */
const idle = { processor: 0.5, disk: 0.5 };

/** @param readLoad of the machine and the disk of the mirror */
export function createLinkMeter(readLoad: () => Promise<Load>, now: () => number = () => performance.now()): LinkMeter {
  const recent: Stretch[] = [];
  let fastest = 0;
  let slow: number | undefined;
  let before: Seen | undefined;
  const take = (stretch: Stretch): void => {
    fastest = Math.max(fastest, stretch.bytesPerSecond);
    recent.push(stretch);
    if (recent.length > steady.stretches) recent.shift();
    const speeds = recent.map(({ bytesPerSecond }) => bytesPerSecond);
    const [lowest, highest] = [Math.min(...speeds), Math.max(...speeds)];
    const isFull =
      recent.length === steady.stretches &&
      recent.every(({ waited }) => waited) &&
      lowest >= least &&
      highest <= lowest * steady.ratio;
    if (isFull) slow = Math.max(slow ?? 0, highest);
  };
  return {
    see: async (processes) => {
      const receiver = await receiverOf(processes, before?.pid);
      if (receiver === undefined) return;
      const seen = { pid: receiver.pid, atMs: now(), bytes: receiver.read, ...(await readLoad()) };
      if (before?.pid !== receiver.pid) before = seen;
      if (seen.atMs - before.atMs < stretchMs) return;
      take(between(before, seen));
      before = seen;
    },
    speed: () => (fastest > slowLink ? Math.round(fastest) : slow === undefined ? undefined : Math.round(slow)),
    isFull: () => slow !== undefined,
  };
}

function between(from: Seen, to: Seen): Stretch {
  const ms = to.atMs - from.atMs;
  const share = (part: number, all: number): number => (all > 0 ? part / all : 0);
  const diskBusy = share(to.diskBusyMs - from.diskBusyMs, ms);
  const processorIdle = share(to.idle - from.idle, to.total - from.total);
  return {
    bytesPerSecond: Math.max(0, (1000 * (to.bytes - from.bytes)) / ms),
    waited: processorIdle >= idle.processor && diskBusy <= idle.disk,
  };
}

async function receiverOf(all: readonly RsyncProcess[], known: string | undefined): Promise<RsyncProcess | undefined> {
  const same = all.find(({ pid }) => pid === known);
  if (same) return same;
  for (const one of all) if (await isReceiver(one, all)) return one;
  return undefined;
}
