import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import prettyBytes from 'pretty-bytes';
import { DriveError } from '../errors.ts';
import type { Version } from './restore-plan.ts';

/**
 * What is at a path, in lines: the content of a directory, or the versions of a file, the newest first.
 * @throws DriveError when nothing is there
 */
export async function listVersions(versions: readonly Version[]): Promise<string[]> {
  const first = versions[0];
  if (!first) throw new DriveError('EXB_NOT_FOUND', 'The disk has no such path, neither in the mirror nor in its history.', 'Look one directory higher.');
  return first.isDirectory ? listDirectory(versions) : Promise.all(versions.map(async (version) => `${await describe(version.path)}  ${age(version)}`));
}

async function listDirectory(versions: readonly Version[]): Promise<string[]> {
  const seen = new Map<string, string>();
  for (const version of versions.filter(({ isDirectory }) => isDirectory)) {
    for (const name of await readdir(version.path)) {
      if (!seen.has(name)) seen.set(name, `${await describe(join(version.path, name))}  ${printable(name)}${version.until === undefined ? '' : `  ${age(version)}`}`);
    }
  }
  return [...seen].sort(([a], [b]) => a.localeCompare(b)).map(([, line]) => line);
}

const age = ({ until }: Version): string => (until === undefined ? 'in the mirror' : `replaced or deleted at ${until.toISOString()}; get it with --at and an earlier time`);

async function describe(path: string): Promise<string> {
  const stats = await lstat(path);
  const size = stats.isDirectory() ? 'directory' : stats.isSymbolicLink() ? 'link' : prettyBytes(stats.size);
  return `${stats.mtime.toISOString().slice(0, 16).replace('T', ' ')}  ${size.padStart(9)}`;
}

/** File names may hold anything, also control sequences for the terminal. */
const printable = (name: string): string => name.replace(/[\x00-\x1f\x7f-\x9f]/g, '?');
