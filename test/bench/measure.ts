import { readFile } from 'node:fs/promises';

/** The cost of one pull. */
export interface Measure {
  readonly seconds: number;
  /** Time after that until all data was on the disk. */
  readonly flushSeconds: number;
  /** Highest resident memory of the receiving rsync, in MB. */
  readonly rsyncMb: number;
  /** Highest resident memory of the program that started it, in MB; 0 for plain rsync. */
  readonly programMb: number;
  /** Processor time of the receiving rsync and, for ours, of the program that started it: less noisy than the wall clock. */
  readonly cpuSeconds: number;
}

/** /usr/bin/time writes rsync's peak of memory into a file; both sides have this cost. */
export const timed = (file: string, args: readonly string[], report: string) => ({
  file: '/usr/bin/time' as const,
  args: ['-f', '%M %U %S', '-o', report, file, ...args],
});

/** Reads the result of {@link timed}. */
export async function readReport(report: string): Promise<Pick<Measure, 'rsyncMb' | 'cpuSeconds'>> {
  const [kb = 0, user = 0, system = 0] = ((await readFile(report, 'utf8')).trim().split('\n').at(-1) ?? '')
    .split(' ')
    .map(Number);
  return { rsyncMb: kb / 1024, cpuSeconds: user + system };
}

/** The registry's record of a source with this many small files. */
export const lastTime = (count: number) => ({ filesTotal: count, bytesTotal: count * 1000 });
