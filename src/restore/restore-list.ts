import { lstat, readdir } from 'node:fs/promises';
import prettyBytes from 'pretty-bytes';
import { DriveError } from '../errors.ts';
import { below } from '../history/inside.ts';
import { directoryAt } from './directory-at.ts';
import { findVersions, layersFor, type Version } from './restore-plan.ts';
import { shownName } from '../text/shown-name.ts';
import { localTime, zonedTime } from '../text/local-time.ts';

/**
 * Lists a path: the content of a directory, or the versions of a file, the newest first. With a time, only the state of
 * that time.
 * @throws DriveError when the path does not exist
 */
export async function listVersions(top: string, mirror: string, path: string, at?: Date): Promise<string[]> {
  if (at !== undefined) return listAt(top, mirror, path, at);
  const versions = await findVersions(top, mirror, path);
  const first = versions[0];
  if (!first)
    throw new DriveError(
      'EXB_NOT_FOUND',
      'The disk has no such path, neither in the mirror nor in its history.',
      'Look one directory higher.',
    );
  return first.isDirectory
    ? listDirectory(versions)
    : Promise.all(
        versions.map(async (version) => `${await describeEntry(Buffer.from(version.path))}  ${age(version)}`),
      );
}

async function listAt(top: string, mirror: string, path: string, at: Date): Promise<string[]> {
  const layers = await layersFor(top, mirror, path, at);
  const version = layers.findLast((layer): layer is Version => 'isDirectory' in layer);
  if (version?.isDirectory === false) return [await describeEntry(Buffer.from(version.path))];
  return Promise.all(
    (await directoryAt(top, mirror, path, at)).map(
      async (entry) => `${await describeEntry(entry.path)}  ${entry.shown}`,
    ),
  );
}

async function listDirectory(versions: readonly Version[]): Promise<string[]> {
  const seen = new Map<string, string>();
  for (const version of versions.filter(({ isDirectory }) => isDirectory)) {
    const top = Buffer.from(version.path);
    for (const name of await readdir(top, { encoding: 'buffer' })) {
      const key = name.toString('latin1');
      if (!seen.has(key))
        seen.set(
          key,
          `${await describeEntry(below(top, name))}  ${shownName(name)}${version.until === undefined ? '' : `  ${age(version)}`}`,
        );
    }
  }
  return [...seen].sort(([a], [b]) => a.localeCompare(b)).map(([, line]) => line);
}

const age = ({ until }: Version): string =>
  until === undefined
    ? 'in the mirror'
    : `replaced or deleted at ${zonedTime(until, 'second')}; restore it with --at and an earlier time`;

/** Time of the last change, local without its zone, and size, in columns. */
export async function describeEntry(path: Buffer): Promise<string> {
  const stats = await lstat(path);
  const size = stats.isDirectory() ? 'directory' : stats.isSymbolicLink() ? 'link' : prettyBytes(stats.size);
  return `${localTime(stats.mtime)}  ${size.padStart(9)}`;
}
