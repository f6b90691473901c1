import { withRoom } from '../records/room-forecast.ts';
import { recentRunsOf, withRun } from '../guard/recent-runs.ts';
import { adviceForRecords } from '../records/unwritable.ts';
import type { DriveRecord } from '../records/drive-record.ts';
import type { HistoryPosition } from '../history/history-entry.ts';
import { ExtbackupError, messageOf, NotReleasedError } from '../errors.ts';
import { agreement, HeldError, mustWait, noCounts, type Hold } from '../guard/hold.ts';
import type { EndedRun } from './ended-run.ts';
import { unparkableAfter } from './park-after-run.ts';
import type { RunSurroundings } from './run-surroundings.ts';
import { sourcesAfterRun } from './source-results.ts';

/** Writes the results of a run into the registry. A failure to write it is only a warning. */
export async function updateRegistry(
  ended: EndedRun,
  { registry, bus, keepUnrecorded }: Pick<RunSurroundings, 'registry' | 'bus' | 'keepUnrecorded'>,
): Promise<void> {
  const isOfRun = ({ label }: DriveRecord): boolean => label === ended.order.drive;
  const updated = (record: DriveRecord): DriveRecord => withHealth(afterRun(record, ended), ended);
  try {
    await registry.update((drives) => drives.map((record) => (isOfRun(record) ? updated(record) : record)));
  } catch (error) {
    const before = (await registry.list().catch(() => [])).find(isOfRun);
    if (before) await keepUnrecorded?.(before, updated(before));
    const todo = error instanceof ExtbackupError ? error.todo : adviceForRecords(error);
    bus.emit('warning:raised', {
      about: 'records',
      reason: `The list of disks could not be updated: ${messageOf(error)}`,
      todo: `The backup itself is not affected. ${todo}`,
    });
  }
}

/** The registry's record of a held run. */
function heldBy({ order, startedAt, error }: EndedRun): Hold | undefined {
  const held = error instanceof NotReleasedError ? error.cause : error;
  if (!(held instanceof HeldError)) return undefined;
  const { headline, sign, isAlarm, counts, sources, attestation } = held.facts;
  return {
    runId: order.runId,
    at: startedAt.toISOString(),
    reason: held.message,
    headline,
    ...(sign && { sign }),
    counts: counts ?? noCounts,
    ...(isAlarm === true && { isAlarm }),
    ...(sources && { sources }),
    ...(attestation && { attestation }),
    approved: null,
  };
}

/** The hold of a disk after a run. */
function holdAfter(before: Hold | undefined, ended: EndedRun): Hold | undefined {
  const held = heldBy(ended);
  const isComplete = ended.result?.stampedAt !== undefined;
  // A disk that still waits keeps the run that it waits for; an approval lasts until a run is complete.
  // If other sources went on without it, the run itself reports the waiting ones again.
  if (mustWait(before) && held?.sources === undefined && !isComplete) return before;
  if (held) return { ...held, ...(mustWait(before) && { at: before.at }), agreed: agreement(before) };
  return isComplete ? undefined : before;
}

function afterRun(record: DriveRecord, ended: EndedRun): DriveRecord {
  const { order, startedAt, result, failure, sources, elsewhere } = ended;
  const isIncomplete = result !== undefined && result.stampedAt === undefined;
  const { hold: before, historyAt, unparkable: noted, ...rest } = record;
  const hold = holdAfter(before, ended);
  const unparkable = unparkableAfter(noted, ended.parked);
  return {
    ...rest,
    ...(historyAt !== undefined && { historyAt }),
    ...(hold && { hold }),
    ...(unparkable && { unparkable }),
    ...((result?.suspicious ?? sources.some(({ pulled }) => pulled?.suspicious === true)) && {
      suspicion: { runId: order.runId, at: startedAt.toISOString() },
    }),
    ...sourcesAfterRun(record, sources, failure?.code, elsewhere),
    runs: record.runs + 1,
    lastRun: startedAt.toISOString(),
    lastError: failure?.code ?? (isIncomplete ? 'EXB_GAPS' : null),
    ...(result && { generation: Math.max(record.generation, result.generation) }),
    // Figures of an incomplete pull would make the next one look harmless, or harmful.
    ...(result?.stampedAt && {
      filesTotal: result.figures.filesTotal,
      bytesTotal: result.figures.bytesTotal,
      recent: withRun(recentRunsOf(record), result.figures),
      ...(result.room && { rooms: withRoom(record.rooms, result.room) }),
      lastSuccess: result.stampedAt.toISOString(),
      successBefore: record.lastSuccess,
      luks: record.luks ?? result.luks, // of a disk that was enrolled before it was written down
    }),
    ...(result?.history && standAfter(record, result.history)),
    ...(result?.measured && { measured: result.measured.toISOString() }),
  };
}

/** Position of the history after this complete run, and after the one before. */
const standAfter = (
  { historyAt, historyNumber }: DriveRecord,
  { at, number = 0 }: HistoryPosition,
): Pick<DriveRecord, 'historyAt' | 'historyBefore' | 'historyNumber' | 'historyNumberBefore'> => ({
  historyAt: at.toISOString(),
  historyBefore: historyAt,
  historyNumber: number,
  historyNumberBefore: historyNumber,
});

const withHealth = (record: DriveRecord, { health, result }: EndedRun): DriveRecord =>
  health === undefined ? record : { ...record, health: health.healthAfter(result?.verified, new Date()) };
