import { constants, type Stats } from 'node:fs';
import { lstat, open, readlink, type FileHandle } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

/** A part of a path that users other than root could change. */
export type Distrust =
  /** It does not belong to root. */
  | { readonly kind: 'owner'; readonly path: string }
  /** Others can write it. */
  | { readonly kind: 'writable'; readonly path: string }
  /** The directory, which leads to it, is not root's alone: others could have put another file there. */
  | { readonly kind: 'directory'; readonly path: string };

/** A file that root reads or starts. It stays open, so that no other file can replace it after the check. */
export interface JudgedFile {
  readonly handle: FileHandle;
  /** undefined if only root can change it. */
  readonly distrust: Distrust | undefined;
}

/** The kernel's limit. */
const mostLinks = 40;

/** Opens a file for reading, and checks it and its whole path. The caller closes it. */
export async function openJudged(file: string): Promise<JudgedFile> {
  const path = resolve(file);
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK); // a pipe must not block
  try {
    return { handle, distrust: judge(await handle.stat(), path) ?? (await judgeWay(path)) };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function judge({ uid, mode }: Stats, path: string): Distrust | undefined {
  if (!isOurs(uid)) return { kind: 'owner', path };
  return (mode & 0o022) === 0 ? undefined : { kind: 'writable', path };
}

/** Every directory on the path, and on the paths of its links. */
async function judgeWay(path: string): Promise<Distrust | undefined> {
  let way = path;
  for (let links = 0; links <= mostLinks; links += 1) {
    const next = await firstLink(way);
    if (typeof next === 'object') return next;
    if (next === undefined) return undefined;
    way = next;
  }
  throw new Error('too many links lead to it');
}

/** @returns the path with its first link followed; undefined without a link; or an untrusted directory on the path */
async function firstLink(path: string): Promise<string | Distrust | undefined> {
  const parts = path.split('/').filter((part) => part !== '');
  let here = '/';
  for (const [index, part] of parts.entries()) {
    const directory = await lstat(here);
    // In a sticky directory, only the owner can remove a file.
    const isRoots = isOurs(directory.uid) && ((directory.mode & 0o022) === 0 || (directory.mode & 0o1000) !== 0);
    if (!isRoots) return { kind: 'directory', path: here };
    here = join(here, part);
    const found = await lstat(here);
    if (!found.isSymbolicLink()) continue;
    if (!isOurs(found.uid)) return { kind: 'owner', path: here };
    return join(resolve(dirname(here), await readlink(here)), ...parts.slice(index + 1));
  }
  return undefined;
}

const isOurs = (uid: number): boolean => uid === 0 || uid === process.getuid?.();
