import { join } from 'node:path';
import { UsageError } from '../errors.ts';
import { assertState, readCompleteSince, tooFarBack, type CompleteSince } from '../history/complete-since.ts';
import { listHistory, type HistoryEntry } from '../history/history-entry.ts';
import { noteNoState, noteState, removeMark } from '../history/thinned-mark.ts';
import { previewUndo, undoEntry, type UndoProgress } from '../history/undo-entry.ts';
import { forgetAttributes } from '../attributes/attribute-table.ts';
import { finishAttributes, keptAttributes, removeKept } from '../attributes/keep-attributes.ts';
import { putBack } from '../attributes/put-back.ts';
import { flushFilesystem, stampFile } from '../disk/filesystem.ts';
import { removePartials, removeUnfinished } from '../rsync/partial-files.ts';
import { directoryOfEntry, finishCollecting } from '../history/work-directory.ts';
import { clearUnfinished } from '../rsync/unfinished.ts';
import type { StartProgram } from '../system/command.ts';
import type { RunRecord } from '../records/run-record.ts';
import type { DriveRecord } from '../records/drive-record.ts';
import type { DriveRegistry } from '../records/drive-registry.ts';

/** The entries that a rollback undoes, the newest first. */
export interface RollbackPlan {
  readonly entries: readonly HistoryEntry[];
  /** The mirror will be as it was at this time. */
  readonly to: Date;
  readonly files: UndoProgress;
  /** Start of the first run after the last complete one, if there is one: only such runs leave partial files. */
  readonly unfinishedSince?: Date | undefined;
}

/**
 * Chooses the entries to undo on an opened disk. @param to a time; or the number of the newest entry that stays;
 * undefined means: everything since the last complete run or, if nothing came after it, since the complete one before
 * it
 * @returns undefined when a held run has changed nothing
 * @throws UsageError when there is nothing to undo
 * @throws DriveError when the history does not reach so far back
 */
export async function planRollback(
  top: string,
  record: DriveRecord,
  to: Date | number | undefined,
  signal: AbortSignal,
): Promise<RollbackPlan | undefined> {
  const history = await listHistory(top);
  const since = (time: number): HistoryEntry[] => history.filter(({ at }) => at.getTime() > time);
  const after = (position: number): HistoryEntry[] => history.filter(({ number }) => number > position);
  // One of several sources may be complete, and held later, before all of them were complete.
  const open =
    record.lastSuccess !== null
      ? record.historyNumber !== undefined
        ? after(record.historyNumber)
        : since(Date.parse(record.historyAt ?? record.lastSuccess))
      : record.hold?.sources
        ? since(justBefore(record.hold.at))
        : [];
  if (to === undefined && open.length === 0 && record.hold?.approved === null) return undefined;
  const reach = await readCompleteSince(top);
  if (to instanceof Date && reach !== undefined && to < reach.at) throw tooFarBack(reach);
  const wanted = to ?? (open.length > 0 ? undefined : lastChange(record));
  const entries = wanted === undefined ? open : wanted instanceof Date ? since(wanted.getTime()) : after(wanted);
  assertNothingMissing(reach, wanted, entries);
  const oldest = entries.at(-1);
  if (oldest === undefined)
    throw new UsageError(
      to === undefined
        ? `The last run to disk ${record.label} changed nothing that can be undone.`
        : `Disk ${record.label} has nothing to undo in its history after that time.`,
      `To undo more runs: extbackup rollback ${record.label} --to TIME ; the times: extbackup rollback ${record.label} --list`,
    );
  assertState(history, oldest);
  const files: UndoProgress = { removed: 0, restored: 0, left: 0 };
  for (const entry of entries) await previewUndo(entry, files, signal);
  return { entries, to: to instanceof Date ? to : oldest.at, files, unfinishedSince: open.at(-1)?.at };
}

/** The end of an undo if the last complete run is the newest: a number, or a time. */
function lastChange({ historyNumberBefore, historyBefore, successBefore, lastRun }: DriveRecord): number | Date {
  // A complete run may finish the work of a held or failed one: all of them are undone together.
  if (historyNumberBefore !== undefined) return historyNumberBefore;
  if (historyBefore !== undefined) return new Date(historyBefore);
  if (successBefore === undefined) return new Date(justBefore(lastRun));
  return new Date(successBefore ?? 0);
}

/** Refuses a gap in the history: the mirror would get a state that never existed. */
function assertNothingMissing(
  reach: CompleteSince | undefined,
  wanted: Date | number | undefined,
  entries: readonly HistoryEntry[],
): void {
  if (reach === undefined || reach.isBeginning) return;
  const isMissing =
    wanted === undefined
      ? (entries.at(-1)?.number ?? Infinity) <= reach.number
      : wanted instanceof Date
        ? wanted < reach.at
        : wanted < reach.number;
  if (isMissing) throw tooFarBack(reach);
}

/** Entries of a run are dated at its start or later. */
export const justBefore = (time: string | null): number => (time === null ? 0 : Date.parse(time) - 1);

/** Carries out a plan. To finish an interrupted rollback, plan and roll back again. */
export async function rollBack(
  start: StartProgram,
  top: string,
  mirror: string,
  plan: RollbackPlan,
  progress: UndoProgress,
  signal: AbortSignal,
): Promise<void> {
  await removePartials(start, join(top, mirror)); // partial files would keep directories from being removed
  await clearUnfinished(top);
  await finishCollecting(top);
  if (plan.unfinishedSince) await removeUnfinished(start, join(top, mirror), plan.unfinishedSince);
  const disk = { top, mirror: join(top, mirror) };
  await finishAttributes(start, disk, signal); // of files that an interrupted run has changed
  await forgetAttributes(top);
  for (const planned of plan.entries) {
    const entry = { ...planned, directory: directoryOfEntry(top, planned.name, undefined) };
    if (entry.isThinned === true) await noteNoState(top);
    await undoEntry(disk.mirror, entry, progress, signal, () => putBackIn(start, disk.mirror, entry, progress, signal));
    await removeKept(entry);
    await removeMark(entry);
    if (entry.isThinned !== true) await noteState(top);
  }
  await flushFilesystem(start, top, signal);
}

async function putBackIn(
  start: StartProgram,
  mirror: string,
  entry: HistoryEntry,
  progress: UndoProgress,
  signal: AbortSignal,
): Promise<void> {
  await putBack(
    start,
    {
      files: keptAttributes(entry),
      root: mirror,
      place: (path) => path,
      onFile: () => {
        progress.attributes = (progress.attributes ?? 0) + 1;
      },
      onFailure: () => {
        progress.attributesLeft = (progress.attributesLeft ?? 0) + 1;
      },
    },
    signal,
  );
}

/**
 * Call this before a plan is carried out, which may be interrupted: an undone complete run no longer counts, neither
 * on LABEL nor in the registry. Without an earlier complete run, the disk counts as never backed up.
 * @param runs past runs, to find the complete run whose state the disk will have
 */
export async function noteUndone(
  registry: DriveRegistry,
  top: string,
  record: DriveRecord,
  { entries }: RollbackPlan,
  runs: readonly RunRecord[],
): Promise<void> {
  const oldest = entries.at(-1)?.at.getTime() ?? Infinity;
  const oldestNumber = entries.at(-1)?.number ?? Infinity;
  const isUndone = (time: string | null): boolean => time !== null && Date.parse(time) >= oldest;
  const { historyNumber: last, historyNumberBefore: before } = record;
  const whole =
    record.lastSuccess !== null &&
    (last === undefined ? isUndone(record.historyAt ?? record.lastSuccess) : last >= oldestNumber);
  const isLastOnly =
    whole &&
    (before === undefined
      ? record.historyBefore !== undefined && !isUndone(record.historyBefore)
      : before < oldestNumber);
  const stands = isLastOnly
    ? (record.successBefore ?? null)
    : whole
      ? lastCompleteBefore(oldest, record, runs)
      : record.lastSuccess;
  if (whole) await stampFile(join(top, 'LABEL'), new Date(stands ?? 0));
  await registry.update((drives) =>
    drives.map((drive) => {
      if (drive.luksUuid !== record.luksUuid) return drive;
      const { successBefore, historyAt, historyBefore, historyNumber, historyNumberBefore, sources, ...rest } = drive;
      const position = whole
        ? { ...(isLastOnly && { historyAt: historyBefore }), historyNumber: oldestNumber - 1 }
        : { historyAt, historyBefore, historyNumber, historyNumberBefore };
      return {
        ...rest,
        ...position,
        ...(whole
          ? { lastSuccess: stands, ...(stands === null && { successBefore: null }) }
          : successBefore !== undefined && { successBefore }),
        ...(sources && {
          sources: Object.fromEntries(
            Object.entries(sources).map(([name, source]) => [
              name,
              isUndone(source.lastSuccess) ||
              (whole && source.lastSuccess !== null && source.lastSuccess > (record.successBefore ?? ''))
                ? { ...source, lastSuccess: stands }
                : source,
            ]),
          ),
        }),
      };
    }),
  );
}

function lastCompleteBefore(
  time: number,
  { label, enrolledAt, lastSuccess, successBefore }: DriveRecord,
  runs: readonly RunRecord[],
): string | null {
  // an earlier disk may have had the same label
  const ofDisk = runs.filter(
    ({ drive, outcome, startedAt }) =>
      drive === label && outcome === 'success' && Date.parse(startedAt) >= Date.parse(enrolledAt),
  );
  const times = [...ofDisk.map(({ endedAt }) => endedAt), ...(successBefore == null ? [] : [successBefore])]
    .map((text) => Date.parse(text))
    .filter((at) => at <= time && at < Date.parse(lastSuccess ?? ''));
  return times.length === 0 ? null : new Date(Math.max(...times)).toISOString();
}

/** After a rollback the disk no longer waits for an answer. */
export async function noteRollback(registry: DriveRegistry, record: DriveRecord): Promise<void> {
  await registry.update((drives) =>
    drives.map((drive) => {
      if (drive.luksUuid !== record.luksUuid) return drive;
      const { hold, ...rest } = drive;
      if (hold && rest.sources)
        rest.sources = Object.fromEntries(
          Object.entries(rest.sources).map(([name, source]) => [
            name,
            hold.sources?.[name] ? { ...source, lastError: null } : source,
          ]),
        );
      delete rest.suspicion; // the rollback is the operator's answer
      return { ...rest, ...(hold && { lastError: null }) };
    }),
  );
}
