import type { RunCommand } from './command.ts';
import { partialDir } from './rsync.ts';

/** Removes what interrupted pulls left beside the files of the mirror; other file systems are not entered. */
export async function removePartials(run: RunCommand, mirror: string): Promise<void> {
  await run({
    file: '/usr/bin/find',
    args: [mirror, '-xdev', '-depth', '-path', `*/${partialDir}/*`, '-delete', '-o', '-name', partialDir, '-type', 'd', '-empty', '-delete'],
    timeoutMs: 6 * 3_600_000,
  });
}
