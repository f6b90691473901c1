import { lstat, readdir } from 'node:fs/promises';
import { basename, join, normalize } from 'node:path';
import { DriveError, UsageError } from '../errors.ts';
import { historyDirectory, parseHistoryName } from '../history/history-entry.ts';

/** One place on a disk that has the wanted path. */
export interface Version {
  /** Full path. */
  readonly path: string;
  readonly isDirectory: boolean;
  /** undefined for the mirror; otherwise the run that replaced or deleted it: it was valid until then. */
  readonly until: Date | undefined;
}

/**
 * The path as it stands below the mirror: no leading slash, `.` for all of it.
 * @throws UsageError when it leads out of the mirror
 */
export function pathInMirror(typed: string): string {
  const path = normalize(typed).replace(/^\/+|\/+$/g, '');
  if (typed.includes('\0') || path.split('/').includes('..')) throw new UsageError('The path leads out of the backup.', 'Give it relative to the directory that is backed up, for example: projects/letter.odt');
  return path === '' ? '.' : path;
}

/**
 * Every place that has the path, the newest first: the mirror, then the history backwards.
 * @param top where the disk is mounted
 */
export async function findVersions(top: string, mirror: string, path: string): Promise<Version[]> {
  const times = (await namesIn(join(top, historyDirectory))).flatMap((name) => {
    const until = parseHistoryName(name);
    return until === undefined ? [] : [{ directory: join(top, historyDirectory, name), until }];
  });
  const places = [{ directory: join(top, mirror), until: undefined }, ...times.sort((a, b) => b.until.getTime() - a.until.getTime())];
  const versions = await Promise.all(places.map(async ({ directory, until }) => {
    const kind = await kindOf(directory, path);
    return kind === undefined ? [] : [{ path: join(directory, path), isDirectory: kind === 'directory', until }];
  }));
  return versions.flat();
}

/**
 * What to copy, one over the other, so that the last one wins: the mirror, then back through the history to the first
 * run after `at`. What was replaced by that run is what stood there at that time.
 * @throws DriveError when nothing of that path is there
 */
export function layersFor(versions: readonly Version[], at: Date | undefined): readonly Version[] {
  const layers = versions.filter(({ until }) => until === undefined || (at !== undefined && until > at));
  if (layers.length > 0) return layers.at(-1)?.isDirectory === true ? layers : layers.slice(-1);
  throw new DriveError('EXB_NOT_FOUND', versions.length === 0 ? 'The disk has no such path, neither in the mirror nor in its history.' : 'The path is not in the mirror any more, but in the history.', versions.length === 0 ? 'Look for it with: extbackup restore LABEL --list DIRECTORY' : 'Say from when you want it with --at; see the times with: --list');
}

/** Where the path ends up: in `directory`, under its own name. */
export const targetIn = (directory: string, path: string): string => (path === '.' ? directory : join(directory, basename(path)));

/** Kind of what is at the path; a symbolic link on the way there leads out of the backup and is not followed. */
async function kindOf(directory: string, path: string): Promise<'directory' | 'other' | undefined> {
  let here = directory;
  try {
    if (!(await lstat(here)).isDirectory()) return undefined;
    const parts = path === '.' ? [] : path.split('/');
    for (const [index, part] of parts.entries()) {
      here = join(here, part);
      const stats = await lstat(here);
      if (index === parts.length - 1) return stats.isDirectory() ? 'directory' : 'other';
      if (!stats.isDirectory()) return undefined;
    }
    return 'directory';
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
