import type { StartProgram } from '../system/command.ts';
import { partialDir } from './arguments.ts';

/** rsync's longest path, with the zero byte at its end; see MAXPATHLEN in its source. */
const longestPath = 4096;

/** The most patterns in the arguments of a program. */
const most = 200;

/**
 * Files of a mirror that rsync cannot move to a directory of the history, because their path would be too long there:
 * rsync fails at the first one.
 * @param directory the value of `--backup-dir`
 * @returns patterns for `--exclude`; undefined when there are none, or too many
 */
export async function tooLongForHistory(
  start: StartProgram,
  mirror: string,
  directory: string,
  signal: AbortSignal,
): Promise<string[] | undefined> {
  const least = longestPath - Buffer.byteLength(directory) - 8 + Buffer.byteLength(mirror); // find(1) sees both as one path
  let all = '';
  await start({
    file: '/usr/bin/find',
    // An interval of a regular expression cannot be that long, but can be repeated.
    args: [
      mirror,
      '-xdev',
      '!',
      '-type',
      'd',
      '-regextype',
      'posix-extended',
      '-regex',
      `(.{100}){${String(Math.floor(least / 100))}}.{${String(least % 100)},}`,
      '-printf',
      '%P\\0',
    ],
    env: { LC_ALL: 'C' }, // counts bytes
    timeoutMs: 6 * 3_600_000,
    signal,
    onStdout: (chunk) => {
      if (all.length < most * longestPath) all += chunk;
    },
  });
  // The rsync that failed at such a file may have left an unfinished copy beside it.
  const paths = all.split('\0').filter((path) => path !== '' && !path.includes(`${partialDir}/`));
  return paths.length === 0 || paths.length > most ? undefined : paths.map(patternOf);
}

/**
 * A pattern for this path, from the top; see rsync(1), PATTERN MATCHING RULES. Bytes that are not UTF-8 match any byte.
 */
export function patternOf(path: string): string {
  const isPattern = /[*?[\uFFFD]/.test(path);
  return `/${isPattern ? path.replace(/[*?[\\]/g, '\\$&').replaceAll('\uFFFD', '?') : path}`;
}
