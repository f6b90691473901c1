/**
 * A disk on which made-up runs change the mirror as rsync does: what they replace or delete goes to an entry of the
 * history, what they create is in its log. Much quicker than rsync, so that many histories can be tried.
 */
import {
  appendFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { markBeginning } from '../../../src/history/complete-since.ts';
import { newHistoryEntry, type HistoryEntry } from '../../../src/history/history-entry.ts';
import { beginLog } from '../../../src/history/log-header.ts';

/** What a path is: `twin` is a hard link to the other twins of the same content, if there are some. */
export interface Thing {
  readonly kind: 'file' | 'twin' | 'link' | 'directory';
  readonly content: number;
}

/** The things of a source, by path; a path below one that is no directory is left out. */
export type Wanted = ReadonlyMap<string, Thing>;

const names = ['a', 'b'];
const paths = ['a', 'b', 'a/a', 'a/b', 'b/a', 'b/b', 'a/a/a'];

const thing: fc.Arbitrary<Thing | undefined> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('file' as const), content: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('twin' as const), content: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('link' as const), content: fc.nat(1) }) },
  { weight: 4, arbitrary: fc.constant({ kind: 'directory' as const, content: 0 }) },
  { weight: 2, arbitrary: fc.constant(undefined) },
);

/** What a run changes: new things at some paths, undefined for a deletion; or a directory gets another name. */
export type Change =
  { readonly path: string; readonly to: Thing | undefined } | { readonly from: string; readonly name: string };

export const changes: fc.Arbitrary<readonly Change[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ path: fc.constantFrom(...paths), to: thing }) },
    {
      weight: 1,
      arbitrary: fc.record({ from: fc.constantFrom(...paths), name: fc.constantFrom(...names, 'ä\n|1|2|') }),
    },
  ),
  { minLength: 2, maxLength: 8, size: 'max' },
);

/** The source after a change. */
export function changed(wanted: Wanted, list: readonly Change[]): Map<string, Thing> {
  const next = new Map(wanted);
  for (const change of list)
    if ('path' in change) {
      if (change.to === undefined) next.delete(change.path);
      else next.set(change.path, change.to);
    } else
      for (const [path, at] of [...next])
        if (path === change.from || path.startsWith(`${change.from}/`)) {
          next.delete(path);
          next.set(join(dirname(change.from), change.name, path.slice(change.from.length)).replace(/\/$/, ''), at);
        }
  const isReal = (path: string): boolean =>
    path === '.' || (next.get(path)?.kind === 'directory' && isReal(dirname(path)));
  return new Map([...next].filter(([path]) => isReal(dirname(path))).sort(([one], [two]) => (one < two ? -1 : 1)));
}

/** Everything in a tree: kind, content and time of change of each path, and which paths are one file. */
export function treeOf(root: string): Record<string, string> {
  const found: Record<string, string> = {};
  const firsts = new Map<number, string>();
  for (const path of readdirSync(root, { recursive: true, encoding: 'utf8' }).sort()) {
    const stats = lstatSync(join(root, path));
    if (stats.isDirectory()) found[path] = 'directory';
    else if (stats.isSymbolicLink()) found[path] = `link ${readlinkSync(join(root, path))}`;
    else {
      const first = firsts.get(stats.ino) ?? path;
      firsts.set(stats.ino, first);
      found[path] = `file ${readFileSync(join(root, path), 'utf8')} of ${first}`;
    }
  }
  return found;
}

const printed = (path: string): string =>
  Buffer.from(path)
    .toString('latin1')
    .replace(/[^ -~]/g, (character) => `\\#${character.charCodeAt(0).toString(8).padStart(3, '0')}`);

let serial = 0;

/** One run: makes the mirror equal to a source. */
export async function madeUpRun(top: string, wanted: Wanted, at: Date): Promise<HistoryEntry> {
  const mirror = join(top, 'backups');
  const entry = await newHistoryEntry(top, at, { measured: at, isDoubtful: false });
  await markBeginning(top, entry);
  const mark = await beginLog(entry.log, undefined, entry.stamp);
  const log = (item: string, path: string): void => {
    appendFileSync(entry.log, `${mark}${item}|1|1|${printed(path)}${mark}\n`);
  };
  const keep = (path: string): void => {
    mkdirSync(dirname(join(entry.directory, path)), { recursive: true });
    renameSync(join(mirror, path), join(entry.directory, path));
  };
  /** Deletes what is there, the content of a directory first. @param makesWay a new thing takes its place */
  const clear = (path: string, makesWay: boolean): void => {
    if (!lstatSync(join(mirror, path)).isDirectory()) {
      keep(path);
      if (!makesWay) log('*deleting  ', path);
      return;
    }
    for (const name of readdirSync(join(mirror, path))) clear(`${path}/${name}`, makesWay);
    rmdirSync(join(mirror, path));
    if (makesWay) appendFileSync(entry.log, `delete_item(${printed(path)}) mode=40755 flags=10\n`);
    else log('*deleting  ', `${path}/`);
  };
  const there = new Map<string, string>(); // what the mirror has, as the last run wrote it
  const look = (path: string): void => {
    const full = join(mirror, path);
    if (lstatSync(full).isDirectory()) {
      there.set(path, 'directory');
      for (const name of readdirSync(full)) look(path === '' ? name : `${path}/${name}`);
    } else if (lstatSync(full).isSymbolicLink()) there.set(path, `link ${readlinkSync(full)}`);
    else there.set(path, readFileSync(full, 'utf8').replace(/ .*/, ''));
  };
  look('');
  const twins = new Map<number, string>();
  for (const [path, { kind, content }] of wanted) {
    const full = join(mirror, path);
    const word = kind === 'directory' ? kind : kind === 'link' ? `link ${content}` : `${kind}${content}`;
    const twin = kind === 'twin' ? twins.get(content) : undefined;
    const isSame =
      there.get(path) === word &&
      existsOrLink(full) &&
      (twin === undefined || lstatSync(full).ino === lstatSync(join(mirror, twin)).ino);
    if (kind === 'twin' && twin === undefined) twins.set(content, path);
    if (isSame) continue;
    const old = existsOrLink(full) ? lstatSync(full) : undefined;
    const isReplaced =
      old !== undefined && !old.isDirectory() && !old.isSymbolicLink() && kind !== 'directory' && kind !== 'link';
    if (old) clear(path, true);
    if (kind === 'directory') mkdirSync(full);
    else if (kind === 'link') symlinkSync(String(content), full);
    else if (twin !== undefined) linkSync(join(mirror, twin), full);
    else writeFileSync(full, `${word} ${String((serial += 1))}`);
    const type = { directory: 'cd', link: 'cL', file: '>f', twin: twin === undefined ? '>f' : 'hf' }[kind];
    log(`${type}${isReplaced ? '.st......' : '+++++++++'}`, kind === 'directory' ? `${path}/` : path);
  }
  for (const path of [...there.keys()].sort().reverse())
    if (path !== '' && !wanted.has(path) && existsOrLink(join(mirror, path))) clear(path, false);
  return entry;
}

function existsOrLink(path: string): boolean {
  if (existsSync(path)) return true;
  try {
    lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
