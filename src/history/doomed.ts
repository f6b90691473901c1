import { bytesOfPath, isInside, makesRoom } from './change-log.ts';

export interface DoomedName {
  /** Below the mirror of the source, in bytes. */
  readonly path: Buffer;
  readonly isDirectory: boolean;
}

/** The deletions that a copying rsync was not allowed to do. */
export interface Doomed {
  /** A directory includes its whole content. */
  readonly names: readonly DoomedName[];
  /** Number of files and directories, including all content. */
  readonly count: number;
}

/** Collects {@link Doomed}: with --debug=del2, rsync names the files that it would delete. */
export interface DoomedReader {
  /** Reads one line of rsync's output. Returns whether it was about deletions. */
  see(line: string): boolean;
  /**
   * @param skipped how many deletions rsync says it skipped
   * @returns undefined when the list may be incomplete, or is too long to keep
   */
  result(skipped: number): Doomed | undefined;
}

const item = /^delete_item\((.+)\) mode=([0-7]{1,6}) flags=(\d{1,4})$/s;

/** rsync's flags of a deletion; see delete_item() in its source. */
const wholeDirectory = 2;
const belowDirectory = 4;

const directoryMode = 0o040000;
const kindOfMode = 0o170000;

/** More names, or more bytes of names, need a second listing of the server. */
const mostNames = 50_000;
const mostCharacters = 8_000_000;

export function readDoomed(): DoomedReader {
  let names: { readonly printed: string; readonly isDirectory: boolean }[] = [];
  let characters = 0;
  let isTooMuch = false;
  const seen = { directories: 0, others: 0 };
  const keep = (printed: string, isDirectory: boolean): void => {
    characters += printed.length;
    isTooMuch ||= names.length >= mostNames || characters > mostCharacters;
    if (isTooMuch) names = [];
    else names.push({ printed, isDirectory });
  };
  return {
    see: (line) => {
      if (!line.startsWith('delete_item('))
        return line.startsWith('delete_in_dir(') || line.startsWith('cannot delete non-empty directory: ');
      const [, name, mode = '', digits = ''] = item.exec(line) ?? [];
      const flags = Number(digits);
      if (name === undefined || flags >= makesRoom) return true; // a replacement is not a deletion
      if ((flags & belowDirectory) !== 0) {
        seen.others += 1;
        return true;
      }
      if ((flags & wholeDirectory) === 0) return true;
      const isDirectory = (Number.parseInt(mode, 8) & kindOfMode) === directoryMode;
      keep(name, isDirectory);
      seen[isDirectory ? 'directories' : 'others'] += 1;
      return true;
    },
    result: (skipped) => {
      const count = seen.others + seen.directories;
      // rsync counts only empty directories.
      const isAll = skipped >= seen.others && skipped <= count;
      if (isTooMuch || !isAll || names.length === 0) return undefined;
      const all = names.map(({ printed, isDirectory }) => ({ path: bytesOfPath(printed), isDirectory }));
      return all.every(({ path }) => isInside(path)) ? { names: all, count } : undefined;
    },
  };
}
