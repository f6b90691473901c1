import { opendir } from 'node:fs/promises';
import { printedName } from '../history/change-log.ts';
import { below, kindOf } from '../history/inside.ts';
import { partialDir } from '../rsync/arguments.ts';
import { shownLine } from '../text/shown-name.ts';
import { count } from '../text/wording.ts';
import { createLineSplitter } from '../rsync/output.ts';
import type { StartProgram } from '../system/command.ts';

/** Files that a restore did not bring completely, by name as rsync prints it. Each file is in one set. */
export interface Missing {
  /** Not written, or only in part. */
  readonly unwritten: Set<string>;
  /** Complete, but with another owner, rights, ACL or extended attributes. */
  readonly attributes: Set<string>;
}

export const nothingMissing = (): Missing => ({ unwritten: new Set(), attributes: new Set() });

/** FAT keeps times with a precision of two seconds. */
const comparison = ['--dry-run', '--modify-window=2', '--out-format=!%i|%n'];

/**
 * Compares the restored files with the backup, by size, time and attributes, after rsync reported an error. Its
 * messages are not parsed: they contain file names.
 * @param args of the rsync, without --ignore-times
 */
export async function findMissing(
  start: StartProgram,
  args: readonly string[],
  missing: Missing,
  signal: AbortSignal,
): Promise<void> {
  const split = createLineSplitter((line) => {
    const [, item = '', name] = /^!([<>ch.][fdLDS]\S+) *\|(.+)$/s.exec(line) ?? [];
    if (name === undefined) return;
    const isSame = item.startsWith('.') || (item[1] === 'd' && item[2] !== '+');
    if (!isSame) missing.unwritten.add(name);
    else if ([5, 6, 7, 9, 10].some((at) => /[a-z]/.test(item[at] ?? ''))) missing.attributes.add(name);
  });
  await start({
    file: '/usr/bin/rsync',
    args: [...comparison, ...args],
    timeoutMs: 86_400_000,
    accept: [23],
    signal,
    onStdout: split,
  });
  split('\n');
}

/** Files with another type, or missing, in a copied directory: rsync does not list files behind an obstacle. */
export async function findMissingKinds(from: string, to: string, { unwritten }: Missing): Promise<void> {
  const visit = async (at: Buffer): Promise<void> => {
    for await (const item of await opendir(below(Buffer.from(from), at), { encoding: 'latin1' })) {
      const own = Buffer.from(item.name, 'latin1');
      const path = at.length === 0 ? own : below(at, own);
      if (item.name === partialDir && item.isDirectory()) continue;
      if ((await kindOf(below(Buffer.from(to), path))) !== (item.isDirectory() ? 'directory' : 'other'))
        unwritten.add(printedName(path));
      else if (item.isDirectory()) await visit(path);
    }
  };
  await visit(Buffer.alloc(0));
}

const mostShown = 100;

/** The names, in lines for a terminal. */
export function describeMissing({ unwritten, attributes }: Missing): string[] {
  const list = (names: ReadonlySet<string>, words: string): string[] =>
    names.size === 0
      ? []
      : [
          `${count(names.size, 'file')} ${words}`,
          ...[...names].slice(0, mostShown).map((name) => `  ${shownLine(name)}`),
          ...(names.size > mostShown ? [`  and ${names.size - mostShown} more`] : []),
        ];
  return [
    ...list(unwritten, 'could not be read or written:'),
    ...list(attributes, 'with all the content, but not with owner, rights or attributes:'),
  ];
}
