import { opendir } from 'node:fs/promises';
import { printedName } from '../history/change-log.ts';
import { below, kindOf } from '../history/inside.ts';
import { partialDir } from '../rsync/arguments.ts';
import { shownLine } from '../text/shown-name.ts';
import { count } from '../text/wording.ts';
import { createLineSplitter } from '../rsync/output.ts';
import type { StartProgram } from '../system/command.ts';

/** What a restore did not bring, by name as rsync prints it. Each file is in one of them. */
export interface Missing {
  /** Not written, or not as a whole. */
  readonly unwritten: Set<string>;
  /** The content is there; owner, rights, ACL or extended attributes are not. */
  readonly attributes: Set<string>;
}

export const nothingMissing = (): Missing => ({ unwritten: new Set(), attributes: new Set() });

/** A medium with times to two seconds has all the same what it should. */
const comparison = ['--dry-run', '--modify-window=2', '--out-format=!%i|%n'];

/**
 * Compares what was restored with what it should be, by size, time and attributes, after rsync said that something went
 * wrong: what it says in words is about names, and they can be anything.
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

/** What has another kind, or is not there, in a copy of a directory: of what is in its way, rsync says nothing more. */
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
