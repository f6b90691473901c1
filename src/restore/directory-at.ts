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
  /** Its present place on the disk: in the mirror, or in the history. */
  readonly path: Buffer;
}

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
  const entries = new Map<string, Entry>();
  const add = async (directory: string): Promise<void> => {
    for (const entry of await list(directory))
      entries.set(entry.path.subarray(entry.path.lastIndexOf('/') + 1).toString('latin1'), entry);
  };
  const present = versions.find(({ until }) => until === undefined);
  if (present?.isDirectory === true) await add(present.path);
  for (const entry of at === undefined ? [] : history.filter((candidate) => candidate.at > at)) {
    await takeAwayCreated(entry.log, path, entries);
    const version = versions.find(({ until }) => until?.getTime() === entry.at.getTime());
    if (version?.isDirectory === true) await add(version.path);
  }
  return [...entries.values()].sort(
    (a, b) => Number(b.isDirectory) - Number(a.isDirectory) || a.shown.localeCompare(b.shown),
  );
}

async function takeAwayCreated(log: string, path: string, entries: Map<string, Entry>): Promise<void> {
  const part = Buffer.from(path === '.' ? '' : path);
  for await (const change of readLogBackwards(log)) {
    if (change.kind !== 'created') continue;
    if (change.path.equals(part)) entries.clear();
    const name = relativeTo(part, change.path);
    if (name !== undefined && !name.includes('/')) entries.delete(name.toString('latin1'));
  }
}

async function list(directory: string): Promise<Entry[]> {
  const top = Buffer.from(directory);
  const found = await readdir(top, { withFileTypes: true, encoding: 'buffer' });
  return Promise.all(
    found.map(async (entry) => {
      const path = below(top, entry.name);
      return {
        shown: shownName(entry.name),
        name: isUtf8(entry.name) ? entry.name.toString('utf8') : undefined,
        path,
        // Some file systems do not report file types.
        isDirectory:
          entry.isDirectory() || (!entry.isFile() && !entry.isSymbolicLink() && (await kindOf(path)) === 'directory'),
      };
    }),
  );
}
