import type { Bus } from '../bus/bus.ts';
import { exitCodes, messageOf } from '../errors.ts';
import { forgetBegun, readBegun, type BegunRun } from '../records/begun-run.ts';
import type { DriveRegistry } from '../records/drive-registry.ts';
import type { RunLog } from '../records/run-log.ts';

/** Where a run that was cut off is told and written down. */
export interface CutOffParts {
  readonly bus: Bus;
  /** See {@link readBegun}. */
  readonly file: string;
  readonly runs: RunLog;
  readonly registry: DriveRegistry;
  readonly bootId: string;
  readonly onError: (error: unknown) => void;
}

/**
 * Tells of a run that died with its agent: in the run log, in the registry and on the bus. Whatever it left open is
 * closed before this is called.
 * @returns whether there was one
 */
export async function tellCutOffRun({ bus, file, runs, registry, bootId, onError }: CutOffParts): Promise<boolean> {
  const begun = await readBegun(file);
  if (begun === undefined) return false;
  const failure = words(begun, bootId);
  const tookMs = Math.max(0, Date.now() - Date.parse(begun.startedAt));
  const warning = await runs.append({
    ...{ id: begun.id, drive: begun.drive, trigger: begun.trigger, startedAt: begun.startedAt },
    ...{ endedAt: new Date().toISOString(), outcome: 'failure', exitCode: failure.exitCode, code: failure.code },
    ...{ message: failure.happened, released: true, pulledOut: false, tookMs },
    ...{ filesTotal: null, filesTransferred: null, filesDeleted: null },
    ...{ bytesTotal: null, bytesTransferred: null, bytesReceived: null, verified: null, mediaErrors: 0, historyNumber: null },
  });
  if (warning !== undefined) onError(new Error(warning));
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

function words({ drive, startedAt, bootId }: BegunRun, bootNow: string) {
  const cause = bootId === bootNow ? 'the agent died in the middle of it' : 'the station went down in the middle of it';
  const since = `${startedAt.slice(0, 16).replace('T', ' ')} UTC`;
  return {
    code: 'EXB_CUT_OFF',
    exitCode: exitCodes.pull,
    happened: `The run of ${drive} that began at ${since} was cut off: ${cause}. What it left open was closed.`,
    todo: 'If the disk is plugged in, leave it: the run starts again by itself. Why it died: journalctl -u extbackup',
  };
}
