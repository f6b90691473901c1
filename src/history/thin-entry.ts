import { constants } from 'node:fs';
import { open, opendir, unlink } from 'node:fs/promises';
import { DriveError } from '../errors.ts';
import { openPlainFile } from '../system/plain-file.ts';
import { throwIfCancelled } from '../system/undo.ts';
import { readLogBackwards, thinnedLine } from './change-log.ts';
import type { HistoryEntry } from './history-entry.ts';
import { below, kindOf } from './inside.ts';
import { readLogHeader, type LogHeader } from './log-header.ts';

/** Files that are looked up in the logs, and named and removed, at once. */
const atOnce = 10_000;

/** An entry of {@link thinEntry}. */
type Files = Pick<HistoryEntry, 'directory' | 'log'>;

/**
 * Removes those old versions of an entry that no state before it needs: an earlier entry has an older version, or
 * created the file. Each is named in the entry's log, durably, before it is removed: undoing the entry then takes the
 * newer version away, and an earlier entry brings the older one. Directories stay. To finish an interrupted
 * thinning, call it again.
 * @param entry its state was given up, durably
 * @param earlier the entries between it and the nearest earlier state that stays, with that one's entry
 */
export async function thinEntry(entry: Files, earlier: readonly Files[], signal: AbortSignal): Promise<void> {
  const header = await headerOf(entry.log);
  if (header?.mark === undefined) return; // of an older version, or cut off in an undo: all of it stays
  let batch: OldVersion[] = [];
  const give = async (): Promise<void> => {
    await removeVersions(entry, header, await unneeded(batch, earlier, signal), signal);
    batch = [];
  };
  const places = earlier.map(({ directory }) => Buffer.from(directory));
  const top = Buffer.from(entry.directory);
  if ((await kindOf(top)) !== 'directory') return;
  for await (const version of versionsIn(top, Buffer.alloc(0), places, signal)) {
    batch.push(version);
    if (batch.length >= atOnce) await give();
  }
  await give();
}

async function headerOf(log: string): Promise<LogHeader | undefined> {
  const handle = await openPlainFile(log);
  try {
    return handle && (await readLogHeader(handle));
  } finally {
    await handle?.close();
  }
}

/** A file of an entry. */
interface OldVersion {
  /** Below the mirror. */
  readonly path: Buffer;
  /** One of the earlier entries has an older version. */
  readonly hasOlder: boolean;
}

/** @param places directories of earlier entries that have the directory `at`, too */
async function* versionsIn(
  top: Buffer,
  at: Buffer,
  places: readonly Buffer[],
  signal: AbortSignal,
): AsyncGenerator<OldVersion> {
  const having: Buffer[] = [];
  for (const place of places) if ((await kindOf(below(place, at))) === 'directory') having.push(place);
  for await (const { name } of await opendir(below(top, at), { encoding: 'latin1' })) {
    throwIfCancelled(signal);
    const own = Buffer.from(name, 'latin1');
    const path = at.length === 0 ? own : below(at, own);
    if ((await kindOf(below(top, path))) === 'directory') yield* versionsIn(top, path, having, signal);
    else yield { path, hasOlder: await isIn(having, path) };
  }
}

async function isIn(places: readonly Buffer[], path: Buffer): Promise<boolean> {
  for (const place of places) if ((await kindOf(below(place, path))) === 'other') return true;
  return false;
}

async function unneeded(
  versions: readonly OldVersion[],
  earlier: readonly Files[],
  signal: AbortSignal,
): Promise<Buffer[]> {
  const asked = new Set(versions.flatMap(({ path, hasOlder }) => (hasOlder ? [] : [path.toString('latin1')])));
  const created: Buffer[] = [];
  for (const { log } of earlier) {
    if (asked.size === 0) break;
    for await (const { kind, isDirectory, path } of readLogBackwards(log)) {
      throwIfCancelled(signal);
      if (kind === 'created' && !isDirectory && asked.delete(path.toString('latin1'))) created.push(path);
    }
  }
  return [...versions.flatMap(({ path, hasOlder }) => (hasOlder ? [path] : [])), ...created];
}

async function removeVersions(
  { directory, log }: Files,
  header: LogHeader,
  paths: readonly Buffer[],
  signal: AbortSignal,
): Promise<void> {
  const named = paths.flatMap((path) => {
    const line = thinnedLine(path, header);
    return line === undefined ? [] : [{ path, line }];
  });
  if (named.length === 0) return;
  await append(log, `\n${named.map(({ line }) => `${line}\n`).join('')}`);
  for (const { path } of named) {
    throwIfCancelled(signal);
    await unlink(below(Buffer.from(directory), path)).catch(unlessKept);
  }
}

/** The first line end closes a line that a power cut left without one. */
async function append(log: string, lines: string): Promise<void> {
  const handle = await open(log, constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW);
  try {
    if (!(await handle.stat()).isFile())
      throw new DriveError(
        'EXB_STRANGE_INSIDE',
        'The log of an entry of the history was replaced by another kind of file. Nothing was removed there.',
        'Look at .extbackup/history with: extbackup mount ; and find out who had access to the disk.',
      );
    await handle.writeFile(lines, 'latin1');
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A file that cannot be removed may stay: undoing the entry brings it back as before. */
function unlessKept(error: unknown): void {
  if (!['EPERM', 'EACCES', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
}
