import type { StartProgram } from '../system/command.ts';
import { partialDir } from './arguments.ts';

/** Removes what interrupted pulls left beside the files of the mirror; other file systems are not entered. */
export async function removePartials(start: StartProgram, mirror: string): Promise<void> {
  await start({
    file: '/usr/bin/find',
    args: [
      mirror,
      '-xdev',
      '-depth',
      '-path',
      `*/${partialDir}/*`,
      '-delete',
      '-o',
      '-name',
      partialDir,
      '-type',
      'd',
      '-empty',
      '-delete',
    ],
    timeoutMs: 6 * 3_600_000,
  });
}
