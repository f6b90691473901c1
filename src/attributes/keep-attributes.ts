import { lstat, opendir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ownDirectory } from '../disk/own-directory.ts';
import { readTouched } from '../history/change-log.ts';
import { attributeKinds, changeLogDirectory, type HistoryEntry } from '../history/history-entry.ts';
import { collectedEntry, directoryOfEntry } from '../history/work-directory.ts';
import { below, createInsideCheck, kindOf } from '../history/inside.ts';
import type { StartProgram } from '../system/command.ts';
import { attributeFiles, type AttributeFiles } from './attribute-files.ts';
import {
  attributeDirectory,
  forgetAttributes,
  moveTable,
  readState,
  settledState,
  tableFiles,
  writeState,
  type TableState,
} from './attribute-table.ts';
import { whatDiffers, writeOld } from './old-attributes.ts';
import { addSome, writeAll } from './read-attributes.ts';

/** Files with the attributes before the rsync of an entry; unchanged files may be missing in them. */
export const keptAttributes = ({ log }: Pick<HistoryEntry, 'log'>): AttributeFiles =>
  attributeFiles(log.replace(/\.log$/, ''));

/** An opened disk, whose mirror has attributes. */
export interface Disk {
  readonly top: string;
  /** Full path. */
  readonly mirror: string;
}

/** With more changed files than this, the whole tree is read. */
const mostSingle = 50_000;

/**
 * Reading the whole tree is quicker from here on: it takes about a fortieth of the time per file, and the table has some
 * 150 bytes for each.
 */
const isWholeQuicker = (touched: number, { made }: TableState): boolean => touched > 500 + made / (150 * 40);

/**
 * Call this before an rsync: it makes sure that the attributes of the mirror are on the disk. It reads all files when
 * there is no table or an rsync was cut off, otherwise none.
 */
export async function beginAttributes(
  start: StartProgram,
  disk: Disk,
  entry: HistoryEntry,
  signal: AbortSignal,
): Promise<void> {
  await finishAttributes(start, disk, signal);
  const state = (await readState(disk.top)) ?? (await makeTable(start, disk, 1, signal));
  await writeState(disk.top, { ...state, openFor: entry.name });
}

async function makeTable(
  start: StartProgram,
  { top, mirror }: Disk,
  serial: number,
  signal: AbortSignal,
): Promise<TableState> {
  await ownDirectory(top, attributeDirectory);
  await writeAll(start, mirror, tableFiles(top, serial), signal);
  return settledState(top, serial);
}

/** Keeps the old attributes where an rsync was cut off. */
export async function finishAttributes(start: StartProgram, disk: Disk, signal: AbortSignal): Promise<void> {
  const state = await readState(disk.top);
  if (state?.openFor === undefined) return;
  const log = join(disk.top, changeLogDirectory, `${state.openFor}.log`);
  const inWork = await collectedEntry(disk.top);
  const linked = await linkedNames(directoryOfEntry(disk.top, state.openFor, inWork));
  await renew(start, disk, state, { to: keptAttributes({ log }), linked }, signal);
}

/** Reads the attributes of all files, and keeps the table's entries of changed files, or the whole table. */
async function renew(
  start: StartProgram,
  disk: Disk,
  state: TableState,
  { to, linked }: { readonly to: AttributeFiles; readonly linked: ReadonlySet<string> },
  signal: AbortSignal,
): Promise<void> {
  const { top } = disk;
  const next = await makeTableIfRoom(start, disk, state.serial + 1, signal);
  if (next === undefined) {
    await giveAway(top, state, to);
    return;
  }
  const differing = await whatDiffers(top, state, tableFiles(top, next.serial));
  if (differing) await writeOld(top, state, new Set([...differing, ...linked]), to);
  else await moveTable(top, state, to);
  await writeState(top, next);
}

/** Keeps the whole table with the entry, which takes no room. The next run makes a table before its rsync. */
async function giveAway(top: string, state: TableState, to: AttributeFiles): Promise<void> {
  await moveTable(top, state, to);
  await forgetAttributes(top);
}

/** How an rsync ended. */
export interface RsyncEnd {
  /** Its log contains all its changes. */
  readonly isTold: boolean;
  /** Its entry stays in the history. */
  readonly stays: boolean;
}

/**
 * Call this when an rsync has ended.
 * @returns whether attributes changed and the old ones are kept with its entry
 */
export async function endAttributes(
  start: StartProgram,
  disk: Disk,
  entry: HistoryEntry,
  { isTold, stays }: RsyncEnd,
  signal: AbortSignal,
): Promise<boolean> {
  const { top, mirror } = disk;
  const state = await readState(top);
  if (state?.openFor !== entry.name) return false;
  const closed = withoutOpen(state);
  if (!isTold) {
    // With an entry, the next run reads all files. Many tries without a connection make no entry.
    if (!stays && (await kindOf(Buffer.from(entry.directory))) === undefined)
      await writeState(top, { ...closed, isDoubtful: true });
    return false;
  }
  const { attributes, others, isMany } = await whatWasTouched(entry);
  const linked = await linkedNames(entry.directory);
  const to = keptAttributes(entry);
  const isUnclear =
    state.isDoubtful === true || (attributes.size > 0 && (isMany || (await someAreLinked(mirror, attributes))));
  if (isUnclear) {
    await renew(start, disk, state, { to, linked }, signal);
    return isAnyThere(to);
  }
  if (attributes.size + linked.size > 0) await writeOld(top, state, new Set([...attributes, ...linked]), to);
  const grown = Object.values(state.bytes).reduce((sum, bytes) => sum + bytes, 0);
  const touched = attributes.size + others.size;
  if (touched === 0) {
    await writeState(top, closed);
    return isAnyThere(to);
  }
  const isWanted = isMany || isWholeQuicker(touched, state) || grown > 2 * state.made + 1_000_000;
  const whole = isWanted ? await makeTableIfRoom(start, disk, state.serial + 1, signal) : undefined;
  if (whole) await writeState(top, whole);
  else if (isMany) await giveAway(top, state, to);
  else {
    const inside = await insideOf(mirror, [...attributes, ...others]);
    await addSome(start, mirror, tableFiles(top, state.serial), inside, signal);
    await writeState(top, await settledState(top, state.serial, state.made));
  }
  return isAnyThere(to);
}

/**
 * Makes a table beside the present one. Without room for both it returns undefined and leaves nothing: no history must
 * go for a table.
 */
async function makeTableIfRoom(
  ...[start, disk, serial, signal]: Parameters<typeof makeTable>
): Promise<TableState | undefined> {
  try {
    return await makeTable(start, disk, serial, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    for (const file of Object.values(tableFiles(disk.top, serial))) await rm(file, { force: true });
    return undefined;
  }
}

function withoutOpen({ version, serial, bytes, made, isDoubtful }: TableState): TableState {
  return { version, serial, bytes, made, ...(isDoubtful && { isDoubtful }) };
}

async function isAnyThere(files: AttributeFiles): Promise<boolean> {
  for (const file of Object.values(files)) if ((await kindOf(Buffer.from(file))) !== undefined) return true;
  return false;
}

/** Finds the old attributes of an entry, also when its rsync was cut off and nothing ran since. */
export async function attributesIn(top: string): Promise<(entry: HistoryEntry) => AttributeFiles | undefined> {
  const state = await readState(top);
  const names = new Set(await readdir(join(top, changeLogDirectory)).catch(() => []));
  return (entry) => {
    if (state?.openFor === entry.name) return tableFiles(top, state.serial);
    const isKept = attributeKinds.some((kind) => names.has(`${entry.name}.${kind}`));
    return isKept ? keptAttributes(entry) : undefined;
  };
}

/** Removes the old attributes of an entry that was removed. */
export async function removeKept(entry: Pick<HistoryEntry, 'log'>): Promise<void> {
  for (const file of Object.values(keptAttributes(entry))) await rm(file, { force: true });
}

async function whatWasTouched({
  log,
}: HistoryEntry): Promise<{ attributes: Set<string>; others: Set<string>; isMany: boolean }> {
  const [attributes, others] = [new Set<string>(), new Set<string>()];
  let isMany = false;
  for await (const { path, isAttributes } of readTouched(log)) {
    isMany ||= attributes.size + others.size >= mostSingle;
    // With many changes, one path is enough: it shows that attributes changed.
    if (!isMany || (isAttributes && attributes.size === 0))
      (isAttributes ? attributes : others).add(path.toString('latin1'));
  }
  return { attributes, others, isMany };
}

/** rsync prints only one name of a file with several. */
async function someAreLinked(mirror: string, paths: ReadonlySet<string>): Promise<boolean> {
  for (const path of paths) {
    const stats = await lstat(below(Buffer.from(mirror), Buffer.from(path, 'latin1'))).catch(() => undefined);
    if (stats && !stats.isDirectory() && stats.nlink > 1) return true;
  }
  return false;
}

/** Files of an entry that may share an inode with the mirror: a change of attributes there changes them, too. */
async function linkedNames(directory: string): Promise<Set<string>> {
  const found = new Set<string>();
  const visit = async (at: Buffer): Promise<void> => {
    const here = below(Buffer.from(directory), at);
    for await (const item of await opendir(here, { encoding: 'latin1' })) {
      const own = Buffer.from(item.name, 'latin1');
      const name = at.length === 0 ? own : below(at, own);
      if (item.isDirectory()) await visit(name);
      else if (item.isFile() && (await lstat(below(Buffer.from(directory), name))).nlink > 1)
        found.add(name.toString('latin1'));
    }
  };
  if ((await kindOf(Buffer.from(directory))) === 'directory') await visit(Buffer.alloc(0));
  return found;
}

async function insideOf(mirror: string, paths: readonly string[]): Promise<string[]> {
  const isInside = createInsideCheck(Buffer.from(mirror));
  const inside: string[] = [];
  for (const path of paths) if (await isInside(Buffer.from(path, 'latin1'))) inside.push(path);
  return inside;
}
