import { lstat, readdir } from 'node:fs/promises';
import { basename } from 'node:path';
import prettyBytes from 'pretty-bytes';
import { NotThereError } from '../errors.ts';
import { below } from '../history/inside.ts';
import { directoryAt } from './directory-at.ts';
import { findVersions, layersFor, type Version } from './restore-plan.ts';
import { shownName } from '../text/shown-name.ts';
import { localTime, zonedTime } from '../text/local-time.ts';

/** One file, directory or link on the disk, or one version of a file. */
export interface ListedEntry {
  /** Safe to show: unusual characters are escaped as rsync does it. */
  readonly name: string;
  readonly kind: 'file' | 'directory' | 'link';
  readonly bytes: number;
  /** undefined for a deleted directory that was empty: only its name is known. */
  readonly changedAt: Date | undefined;
  /**
   * The run that replaced or deleted it, or an earlier one, if that run's entry is thinned: restore it with an earlier
   * time. undefined for the present version, or if only one time was asked for.
   */
  readonly until: Date | undefined;
}

/** A list and its kind. The lines of versions have no name, because all versions have the same. */
export interface Listing {
  readonly of: 'directory' | 'versions' | 'file-at';
  readonly entries: readonly ListedEntry[];
}

/**
 * Lists a path: the content of a directory, or the versions of a file, the newest first. With a time, only the state of
 * that time.
 * @throws NotThereError when the path does not exist
 */
export async function listPath(top: string, mirror: string, path: string, at?: Date): Promise<Listing> {
  if (at !== undefined) return listAt(top, mirror, path, at);
  const versions = await findVersions(top, mirror, path);
  const first = versions[0];
  if (!first)
    throw new NotThereError(
      'EXB_NOT_FOUND',
      'The disk has no such path, neither in the mirror nor in its history.',
      'Look one directory higher.',
    );
  if (first.isDirectory) return { of: 'directory', entries: await contentOf(versions) };
  const entries = versions.map((version) => lookAt(Buffer.from(version.path), baseName(version), version.offered));
  return { of: 'versions', entries: await Promise.all(entries) };
}

const baseName = ({ path }: Version): string => shownName(Buffer.from(basename(path)));

async function listAt(top: string, mirror: string, path: string, at: Date): Promise<Listing> {
  const layers = await layersFor(top, mirror, path, at);
  const version = layers.findLast((layer): layer is Version => 'isDirectory' in layer);
  if (version?.isDirectory === false)
    return { of: 'file-at', entries: [await lookAt(Buffer.from(version.path), baseName(version), undefined)] };
  const found = await directoryAt(top, mirror, path, at);
  return {
    of: 'directory',
    entries: await Promise.all(found.map((entry) => lookAt(entry.path, entry.shown, undefined))),
  };
}

async function contentOf(versions: readonly Version[]): Promise<ListedEntry[]> {
  const seen = new Map<string, ListedEntry>();
  for (const version of versions.filter(({ isDirectory }) => isDirectory)) {
    const top = Buffer.from(version.path);
    for (const name of await readdir(top, { encoding: 'buffer' })) {
      const key = name.toString('latin1');
      if (!seen.has(key)) seen.set(key, await lookAt(below(top, name), shownName(name), version.offered));
    }
  }
  return [...seen].sort(([a], [b]) => a.localeCompare(b)).map(([, entry]) => entry);
}

async function lookAt(path: Buffer | undefined, name: string, until: Date | undefined): Promise<ListedEntry> {
  if (path === undefined) return { name, kind: 'directory', bytes: 0, changedAt: undefined, until };
  const stats = await lstat(path);
  const kind = stats.isDirectory() ? 'directory' : stats.isSymbolicLink() ? 'link' : 'file';
  return { name, kind, bytes: stats.size, changedAt: stats.mtime, until };
}

/** One line for each entry. Times are local, without their zone. */
export function renderListing({ of, entries }: Listing): string[] {
  return entries.map((entry) => {
    const start = describeEntry(entry);
    if (of === 'file-at') return start;
    if (of === 'versions') return `${start}  ${age(entry)}`;
    return `${start}  ${entry.name}${entry.until === undefined ? '' : `  ${age(entry)}`}`;
  });
}

const age = ({ until }: ListedEntry): string =>
  until === undefined
    ? 'in the mirror'
    : `replaced or deleted at ${zonedTime(until, 'second')}; restore it with --at and an earlier time`;

const timeWidth = localTime(new Date(0)).length;

/** Time of the last change, local without its zone, and size, in columns. */
export function describeEntry({ kind, bytes, changedAt }: Omit<ListedEntry, 'name' | 'until'>): string {
  const size = kind === 'file' ? prettyBytes(bytes) : kind;
  const time = changedAt === undefined ? 'time not known' : localTime(changedAt);
  return `${time.padEnd(timeWidth)}  ${size.padStart(9)}`;
}

/** The same for a path on the disk. */
export const describePath = async (path: Buffer | undefined): Promise<string> =>
  describeEntry(await lookAt(path, '', undefined));
