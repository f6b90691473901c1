import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { below } from '../history/inside.ts';

/** Only names the file: it works for pipes and sockets, too, and reads nothing. Node has no name for this flag. */
const pathOnly = 0o10000000;

/** So many files are open at the same time. With more, each start of a program costs more than it saves. */
const atOnce = 128;

/** The first descriptor of a program after its standard ones. */
const firstDescriptor = 3;

/**
 * Files for a program that takes names as arguments. Every account on the station can read arguments, so the program gets
 * the files opened, and names of its own descriptors.
 */
export interface OpenedFiles {
  /** Arguments for the program. */
  readonly names: readonly string[];
  /** For {@link Command.descriptors}. */
  readonly descriptors: readonly number[];
  /** The path of a file that the program calls `name`. */
  pathOf(name: string): string | undefined;
}

/**
 * Opens files in batches, and closes them after each. Leaves out symbolic links and what cannot be opened, such as a file
 * that has vanished.
 * @param paths below the directory, one character for each byte; `.` is the directory
 */
export async function withOpenedFiles(
  directory: string,
  paths: readonly string[],
  work: (files: OpenedFiles) => Promise<void>,
): Promise<void> {
  for (let from = 0; from < paths.length; from += atOnce) {
    const opened = await openAll(directory, paths.slice(from, from + atOnce));
    try {
      if (opened.length > 0) await work(openedFiles(opened));
    } finally {
      for (const { handle } of opened) await handle.close();
    }
  }
}

interface Opened {
  readonly path: string;
  readonly handle: FileHandle;
}

function openedFiles(opened: readonly Opened[]): OpenedFiles {
  const names = opened.map((_file, index) => `/proc/self/fd/${firstDescriptor + index}`);
  const paths = new Map(names.map((name, index) => [name, opened[index]?.path]));
  return { names, descriptors: opened.map(({ handle }) => handle.fd), pathOf: (name) => paths.get(name) };
}

async function openAll(directory: string, paths: readonly string[]): Promise<Opened[]> {
  const opened: Opened[] = [];
  for (const path of paths) {
    const file = below(Buffer.from(directory), Buffer.from(path === '.' ? '' : path, 'latin1'));
    const handle = await open(file, pathOnly | constants.O_NOFOLLOW).catch(() => undefined);
    if (handle === undefined) continue;
    if ((await handle.stat()).isSymbolicLink()) await handle.close();
    else opened.push({ path, handle });
  }
  return opened;
}
