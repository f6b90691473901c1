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
 * Removes what an rsync that was killed at once left of the file in hand where that was beside the file (see
 * unfinished.ts), `.NAME.XXXXXX`: files called so that were
 * written since then. Older ones of such a name are the server's own.
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
