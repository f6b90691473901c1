import type { StartProgram } from '../system/command.ts';
import { partialDir } from './arguments.ts';

/** Removes leftovers of interrupted pulls from the mirror; does not enter other file systems. */
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
