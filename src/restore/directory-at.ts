import { isUtf8 } from 'node:buffer';
import { readdir } from 'node:fs/promises';
import { below, kindOf } from '../history/inside.ts';
import { readLogBackwards } from '../history/change-log.ts';
import { assertReaches } from '../history/complete-since.ts';
import { listHistory } from '../history/history-entry.ts';
import { relativeTo } from '../history/remove-created.ts';
import { findVersions } from './restore-plan.ts';
import { shownName } from '../text/shown-name.ts';

/** An entry of a backed-up directory at a given time. */
export interface Entry {
  /** The name, safe to show. */
  readonly shown: string;
  /** undefined when the name is not UTF-8: then it can only be restored with its directory. */
  readonly name: string | undefined;
  readonly isDirectory: boolean;
  /** Its present place on the disk: in the mirror, or in the history. A deleted directory that was empty has none. */
  readonly path: Buffer | undefined;
}

/** Entries by name, in bytes. */
type Entries = Map<string, Entry>;

/**
 * The content of a directory at a time: the mirror's content, back through the history to the first run after `at`.
 * Undoing a run removes the files that it created, and brings back those that it replaced or deleted.
 * @param path below the mirror, `.` for all of it
 * @param at undefined for the mirror as it is
 */
export async function directoryAt(top: string, mirror: string, path: string, at: Date | undefined): Promise<Entry[]> {
  const history = await listHistory(top);
  if (at !== undefined) await assertReaches(top, at);
  const versions = await findVersions(top, mirror, path);
  const entries: Entries = new Map();
  const add = async (directory: string): Promise<void> => {
    for (const [name, entry] of await list(directory)) entries.set(name, entry);
  };
  const present = versions.find(({ until }) => until === undefined);
  if (present?.isDirectory === true) await add(present.path);
  for (const entry of at === undefined ? [] : history.filter((candidate) => candidate.at > at)) {
    await undoLogged(entry.log, path, entries);
    const version = versions.find(({ until }) => until?.getTime() === entry.at.getTime());
    if (version?.isDirectory === true) await add(version.path);
  }
  return [...entries.values()].sort(
    (a, b) => Number(b.isDirectory) - Number(a.isDirectory) || a.shown.localeCompare(b.shown),
  );
}

/** Takes away what a run created, and adds the directories that it deleted: history entries have no empty ones. */
async function undoLogged(log: string, path: string, entries: Entries): Promise<void> {
  const part = Buffer.from(path === '.' ? '' : path);
  for await (const change of readLogBackwards(log)) {
    const isCreated = change.kind === 'created';
    if (isCreated && change.path.equals(part)) entries.clear();
    const inside = relativeTo(part, change.path);
    if (inside === undefined) continue;
    const end = inside.indexOf('/');
    const name = end < 0 ? inside : inside.subarray(0, end);
    const key = name.toString('latin1');
    if (isCreated && end < 0) entries.delete(key);
    else if (!isCreated && !entries.has(key)) entries.set(key, { ...named(name), isDirectory: true, path: undefined });
  }
}

const named = (name: Buffer): Pick<Entry, 'shown' | 'name'> => ({
  shown: shownName(name),
  name: isUtf8(name) ? name.toString('utf8') : undefined,
});

async function list(directory: string): Promise<[name: string, entry: Entry][]> {
  const top = Buffer.from(directory);
  const found = await readdir(top, { withFileTypes: true, encoding: 'buffer' });
  return Promise.all(
    found.map(async (entry) => {
      const path = below(top, entry.name);
      // Some file systems do not report file types.
      const isDirectory =
        entry.isDirectory() || (!entry.isFile() && !entry.isSymbolicLink() && (await kindOf(path)) === 'directory');
      return [entry.name.toString('latin1'), { ...named(entry.name), path, isDirectory }];
    }),
  );
}
