import type { Bus } from '../bus/bus.ts';
import { isOpen, mappingName } from '../disk/luks.ts';
import { exitCodes, messageOf } from '../errors.ts';
import { begunAt } from '../pipeline/begun-mark.ts';
import type { BegunMark } from '../pipeline/begun-record.ts';
import { forgetBegun, readBegun, type BegunRun } from '../records/begun-run.ts';
import { mostTries, type AttachMemory } from '../records/attach-memory.ts';
import type { DriveRegistry } from '../records/drive-registry.ts';
import type { RunRecord } from '../records/run-record.ts';
import type { RunLog } from '../records/run-log.ts';

/** The records and the bus that get a run that was cut off. */
export interface CutOffParts {
  readonly bus: Bus;
  /** See {@link readBegun}. */
  readonly file: string;
  readonly runs: RunLog;
  readonly registry: DriveRegistry;
  readonly bootId: string;
  readonly attaches: AttachMemory;
  /** The kernel killed the former agent for lack of memory. */
  readonly ranOutOfMemory: boolean;
  readonly onError: (error: unknown) => void;
}

/**
 * Reports a run that died with its agent: in the run log, in the registry and on the bus. Disks that it left open are
 * closed before this is called.
 * @returns whether there was such a run
 */
export async function tellCutOffRun(parts: CutOffParts): Promise<boolean> {
  const { bus, file, runs, registry, onError } = parts;
  const begun = await readBegun(file);
  if (begun === undefined) return false;
  const ended = (await runs.list().catch(() => [])).find(({ id }) => id === begun.id);
  if (ended !== undefined) return tellEndedRun(ended, parts);
  const released = !(await isOpen(mappingName(begun.drive))); // measured: closing leftovers may have failed
  const told = words(begun, parts);
  const failure = released ? told : { ...told, ...stillOpen(begun.drive, told.happened) };
  const tookMs = Math.max(0, Date.now() - Date.parse(begun.startedAt));
  const warning = await runs.append(recordOf(begun, failure, released, tookMs));
  if (warning !== undefined) onError(new Error(warning.happened));
  try {
    await registry.update((drives) =>
      drives.map((record) =>
        record.luksUuid === begun.luksUuid
          ? { ...record, runs: record.runs + 1, lastRun: begun.startedAt, lastError: failure.code }
          : record,
      ),
    );
  } catch (error) {
    onError(new Error(`the list of disks could not be updated: ${messageOf(error)}`));
  }
  bus.emit('run:failed', { runId: begun.id, drive: begun.drive, ...failure, phase: 'pulling', tookMs });
  await forgetBegun(file);
  return true;
}

/**
 * Records a run without an end that only its disk knows of: this station has lost its own record.
 * @returns false when the station has a record of its end
 */
export async function noteCutOff(runs: RunLog, drive: string, { id, startedAt }: BegunMark): Promise<boolean> {
  const known = await runs.list().catch(() => []);
  if (known.some((run) => run.id === id)) return false;
  const happened = `The run of ${drive} that began at ${begunAt(startedAt)} was cut off; only the disk has a record of it.`;
  const failure = { code: 'EXB_CUT_OFF', exitCode: exitCodes.pull, happened };
  // a failure is reported at the end of the next run
  await runs.append(recordOf({ id, drive, trigger: 'unknown', startedAt }, failure, true, 0));
  return true;
}

function recordOf(
  begun: Pick<BegunRun, 'id' | 'drive' | 'trigger' | 'startedAt'>,
  failure: { readonly code: string; readonly exitCode: number; readonly happened: string },
  released: boolean,
  tookMs: number,
): RunRecord {
  return {
    ...{ id: begun.id, drive: begun.drive, trigger: begun.trigger, startedAt: begun.startedAt },
    ...{ endedAt: new Date().toISOString(), outcome: 'failure', exitCode: failure.exitCode, code: failure.code },
    ...{ message: failure.happened, released, pulledOut: false, tookMs },
    ...{ filesTotal: null, filesTransferred: null, filesDeleted: null },
    ...{ bytesTotal: null, bytesTransferred: null, bytesReceived: null },
    ...{ verified: null, mediaErrors: 0, historyNumber: null },
  };
}

/** The agent died after the end of the run, perhaps before its notice was sent. */
async function tellEndedRun({ drive, startedAt, outcome, message }: RunRecord, parts: CutOffParts): Promise<boolean> {
  const end = message === '' ? outcome : message;
  parts.bus.emit('warning:raised', {
    ...{ about: 'notice', drive },
    reason: `The run of ${drive} that began at ${begunAt(startedAt)} had ended (${end}) when the agent died.`,
    todo: 'Its notice may be missing. See: extbackup history',
  });
  await forgetBegun(parts.file);
  return true;
}

const stillOpen = (drive: string, happened: string) => ({
  happened: `${happened.replace(/ Everything that it left open was closed\./, '')} Disk ${drive} is still open.`,
  todo: 'DO NOT UNPLUG it. End the programs that use it, then run: extbackup release',
});

function words(begun: BegunRun, { bootId, ranOutOfMemory, attaches }: CutOffParts) {
  const { drive, startedAt, diskseq, luksUuid } = begun;
  const died = ranOutOfMemory
    ? 'the station ran out of memory, and the kernel killed the agent'
    : 'the agent died in the middle of it';
  const cause = begun.bootId === bootId ? died : 'the station went down in the middle of it';
  const tries = diskseq === undefined || begun.bootId !== bootId ? 0 : attaches.triesOf({ diskseq, luksUuid });
  const why = ranOutOfMemory ? 'Give the station more memory, or stop other programs' : 'Why: journalctl -u extbackup';
  const todo =
    tries >= mostTries
      ? `It was cut off ${tries} times in a row and does not start by itself any more. ${why} ; then: extbackup run --drive ${drive}`
      : `If the disk is plugged in, leave it: the run starts again by itself. ${why}`;
  return {
    code: 'EXB_CUT_OFF',
    exitCode: exitCodes.pull,
    happened: `The run of ${drive} that began at ${begunAt(startedAt)} was cut off: ${cause}. Everything that it left open was closed.`,
    todo,
  };
}
