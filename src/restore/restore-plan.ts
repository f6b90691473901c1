import { lstat } from 'node:fs/promises';
import { basename, join, normalize } from 'node:path';
import { NotThereError, UsageError } from '../errors.ts';
import type { AttributeFiles } from '../attributes/attribute-files.ts';
import { attributesIn } from '../attributes/keep-attributes.ts';
import { assertReaches } from '../history/complete-since.ts';
import { listHistory, stateWith } from '../history/history-entry.ts';
import { wasDeleted } from '../history/make-again.ts';
import { wasCreated } from '../history/remove-created.ts';

/** A place on a disk that has the wanted path. */
export interface Version {
  /** Full path. */
  readonly path: string;
  readonly isDirectory: boolean;
  /** undefined for the mirror; otherwise the run that replaced or deleted it: it was valid until then. */
  readonly until: Date | undefined;
  /** The states until then that the disk still has have it: earlier than `until` if that run's entry is thinned. */
  readonly offered?: Date | undefined;
}

/**
 * The path below the mirror: no leading slash, `.` for the whole mirror.
 * @throws UsageError when it leads out of the mirror
 */
export function pathInMirror(typed: string): string {
  const path = normalize(typed).replace(/^\/+|\/+$/g, '');
  if (typed.includes('\0') || path.split('/').includes('..'))
    throw new UsageError(
      'The path leads out of the backup.',
      'Give it relative to the directory that is backed up, for example: projects/letter.odt',
    );
  return path === '' ? '.' : path;
}

/** The mirror and the entries of the history, the newest first. */
export async function historyPlaces(
  top: string,
  mirror: string,
): Promise<{ readonly directory: string; readonly until: Date | undefined; readonly offered?: Date | undefined }[]> {
  const history = await listHistory(top);
  return [
    { directory: join(top, mirror), until: undefined },
    ...history.map((entry) => ({
      directory: entry.directory,
      until: entry.at,
      offered: (stateWith(history, entry) ?? entry).at,
    })),
  ];
}

/**
 * Every place that has the path, the newest first: the mirror, then the history backwards.
 * @param top where the disk is mounted
 */
export async function findVersions(top: string, mirror: string, path: string): Promise<Version[]> {
  const versions = await Promise.all(
    (await historyPlaces(top, mirror)).map(async ({ directory, ...times }) => {
      const kind = await kindBelow(directory, path);
      return kind === undefined ? [] : [{ path: join(directory, path), isDirectory: kind === 'directory', ...times }];
    }),
  );
  return versions.flat();
}

/** Removes the copied files that a run created: they did not exist before it. */
export interface LeaveOut {
  /** The log of the run. */
  readonly log: string;
  /** The path that is restored, below the mirror. */
  readonly part: string;
}

/** Makes the directories again that a run deleted. */
export interface MadeAgain {
  /** The log of the run. */
  readonly deletedBy: string;
  /** The path that is restored, below the mirror. */
  readonly part: string;
}

/** Gives the copied files the attributes that they had before a run changed them. */
export interface OldAttributes {
  readonly attributes: AttributeFiles;
  /** The path that is restored, below the mirror. */
  readonly part: string;
}

/** A step of a restore. */
export type Layer = Version | LeaveOut | MadeAgain | OldAttributes;

/**
 * Layers to copy over each other, so that the last one wins: the mirror, then back through the history to the first
 * run after `at`. The files that this run replaced are the state at that time; files that it created did not exist.
 * @throws NotThereError when the path did not exist, or the history does not reach so far back
 */
export async function layersFor(
  top: string,
  mirror: string,
  path: string,
  at: Date | undefined,
): Promise<readonly Layer[]> {
  const history = await listHistory(top);
  if (at !== undefined) await assertReaches(top, at);
  const versions = await findVersions(top, mirror, path);
  const [newest] = versions;
  const present = newest?.until === undefined ? newest : undefined;
  const later = at === undefined ? [] : history.filter((entry) => entry.at > at);
  const layers: Layer[] = present ? [present] : [];
  let last: Pick<Version, 'isDirectory'> | undefined = present;
  const attributesOf = await attributesIn(top);
  for (const entry of later) {
    const version = versions.find(({ until }) => until?.getTime() === entry.at.getTime());
    if (last && (await wasCreated(entry.log, Buffer.from(path)))) {
      layers.length = 0; // this run created the path: it did not exist before
      last = undefined;
    } else if (last?.isDirectory === true) layers.push({ log: entry.log, part: path });
    if (version) {
      layers.push(version);
      last = version;
    } else if (last === undefined && (await wasDeleted(entry.log, Buffer.from(path)))) last = { isDirectory: true };
    if (last?.isDirectory === true) layers.push({ deletedBy: entry.log, part: path });
    const attributes = attributesOf(entry);
    if (last && attributes) layers.push({ attributes, part: path });
  }
  if (last) return last.isDirectory ? layers : layers.slice(layers.findLastIndex(isVersion)).filter(isOfFile);
  throw notThere(versions, at);
}

const isVersion = (layer: Layer): layer is Version => 'isDirectory' in layer;
const isOfFile = (layer: Layer): boolean => !('log' in layer || 'deletedBy' in layer);

function notThere(versions: readonly Version[], at: Date | undefined): NotThereError {
  if (versions.length === 0)
    return new NotThereError(
      'EXB_NOT_FOUND',
      'The disk has no such path, neither in the mirror nor in its history.',
      'Look for it with: extbackup restore LABEL --list DIRECTORY',
    );
  if (at === undefined)
    return new NotThereError(
      'EXB_NOT_FOUND',
      'The path is no longer in the mirror, only in the history.',
      'Choose a time with --at; list the times with: --list',
    );
  return new NotThereError('EXB_NOT_FOUND', 'The path did not exist at that time.', 'List the times with: --list');
}

/** The target of a restore: `directory` and the name of the restored path. */
export const targetIn = (directory: string, path: string): string =>
  path === '.' ? directory : join(directory, basename(path));

/** Kind of the file at a path. A symbolic link on the way is not followed: it may lead out of the backup. */
export async function kindBelow(directory: string, path: string): Promise<'directory' | 'other' | undefined> {
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
