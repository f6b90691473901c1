import { readFile, stat } from 'node:fs/promises';

/** What the machine has done so far; only differences mean something. */
export interface Load {
  /** Of all processors, in clock ticks; waiting for a disk is not idle. */
  readonly idle: number;
  readonly total: number;
  /** Time in which the disk worked; 0 where the kernel does not say. */
  readonly diskBusyMs: number;
}

/** Reads the load of the processors, and of the disk that has this directory; see proc_stat(5). */
export async function readLoad(directory: string): Promise<Load> {
  const [, times = ''] = /^cpu +(.*)$/m.exec(await readFile('/proc/stat', 'utf8')) ?? [];
  const ticks = times.split(' ').slice(0, 8).map(Number); // guests are counted in the first two already
  return { idle: ticks[3] ?? 0, total: ticks.reduce((sum, one) => sum + one, 0), diskBusyMs: await busyMs(directory) };
}

/** The tenth number of /sys/dev/block/MAJOR:MINOR/stat: milliseconds with at least one request. */
async function busyMs(directory: string): Promise<number> {
  try {
    const { dev } = await stat(directory);
    const major = ((dev >>> 8) & 0xfff).toString();
    const minor = ((dev & 0xff) | ((dev >>> 12) & 0xfff00)).toString();
    const numbers = (await readFile(`/sys/dev/block/${major}:${minor}/stat`, 'utf8')).trim().split(/\s+/);
    return Number(numbers[9] ?? 0);
  } catch {
    return 0; // btrfs has a number of its own, which is no device's
  }
}
