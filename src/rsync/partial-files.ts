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

/**
 * Removes the unfinished file of a killed rsync, if it is beside the target (see
 * unfinished.ts), `.NAME.XXXXXX`: files called so that were
 * written since then. Older files with such a name belong to the server's data.
 */
export async function removeUnfinished(start: StartProgram, mirror: string, since: Date): Promise<void> {
  const from = `@${Math.floor(since.getTime() / 1000) - 1}`;
  await start({
    file: '/usr/bin/find',
    args: [
      mirror,
      '-xdev',
      '-type',
      'f',
      '-regextype',
      'posix-extended',
      '-regex',
      '.*/\\.[^/]+\\.[A-Za-z0-9]{6}',
      '-newermt',
      from,
      '-newerct',
      from,
      '-delete',
    ],
    timeoutMs: 6 * 3_600_000,
  });
}
