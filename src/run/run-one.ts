import type { Bus } from '../bus/bus.ts';
import type { Failure, OfSource, Phase, Progress, VerifiedFigures } from '../bus/events.ts';
import type { Config } from '../config/schema.ts';
import type { DriveRecord } from '../records/drive-record.ts';
import type { DriveRegistry } from '../records/drive-registry.ts';
import { outOfRotation } from '../records/out-of-rotation.ts';
import { openedByPersonRefusal, type OpenedByPerson } from '../opening/opened-by-person.ts';
import { BusyError, DriveError, exitCodes, ExtbackupError, KeyError, messageOf, NotReleasedError } from '../errors.ts';
import { agreement, allMustWait, HeldError, mustWait, noCounts, stillHeld, type Hold } from '../guard/hold.ts';
import { sourcesOf } from '../config/sources.ts';
import { backUp } from '../pipeline/back-up.ts';
import { type RunResult } from '../pipeline/job.ts';
import type { Machine } from '../pipeline/machine.ts';
import type { SourceResult } from '../pipeline/job.ts';
import { createStory } from '../pipeline/story.ts';
import { throwIfCancelled } from '../system/undo.ts';
import type { RunRecord } from '../records/run-record.ts';
import { lockFile, type FileLock } from '../system/file-lock.ts';
import { mappingName } from '../disk/luks.ts';
import { pause } from '../system/pause.ts';
import { beginHealthCheck, type HealthProbe, type HealthCheck } from './disk-health-check.ts';
import { failureOf } from './failure.ts';
import { sourcesAfterRun, sourcesOfRun } from './source-results.ts';
import type { RunOrder } from './run-queue.ts';
import type { Volume } from '../disk/volumes.ts';

/** What a run needs of its surroundings. */
export interface RunSurroundings {
  readonly bus: Bus;
  readonly registry: DriveRegistry;
  /** Shared with every other command that opens disks. */
  readonly deviceLock: string;
  loadConfig(): Promise<Config>;
  /** The machine as one disk's run needs it: disks made by hand keep their mirror under another name. */
  machineFor(config: Config, record: DriveRecord): Machine;
  findVolumes(): Promise<readonly Volume[]>;
  /** The person, if any, who has a disk open to look inside. */
  lookOfPerson(): Promise<OpenedByPerson | undefined>;
  /** What to say of a disk that rejects the key because the password was changed while it was away. */
  rekeyAdvice(luksUuid: string): Promise<{ readonly happened: string; readonly todo: string } | undefined>;
  /** Everything that keeps a disk from being taken out. */
  holdsOf(disk: string | undefined, mapping: string): Promise<readonly string[]>;
  readonly health: HealthProbe;
  onPhase(phase: Phase): void;
  onProgress(progress: Progress & OfSource): void;
  /** Keeps the run's outcome; must not throw. */
  record(run: RunRecord): Promise<void>;
}

/** How a run ended. */
export interface RunEnd {
  readonly failure?: Failure;
  readonly result?: RunResult;
  /** Left to be said: proven closed, proven not closed, or the disk is not there any more. */
  readonly drive: 'closed' | 'open' | 'gone';
  readonly exitCode: number;
}

/** One run from its first to its last event. Never throws: how it went is in the events, the ledger and the result. */
export async function runOne(order: RunOrder, around: RunSurroundings, signal: AbortSignal): Promise<RunEnd> {
  const { bus, registry } = around;
  const { runId, drive } = order;
  const startedAt = new Date();
  const story = createStory(bus, runId, drive, (phase) => {
    if (phase === 'opening' && disk !== undefined) health?.begin(disk); // what waking up costs is no error
    around.onPhase(phase);
  });
  const progressEvents = ['sync:progress', 'data:progress'] as const;
  const forgetProgress = progressEvents.map((name) =>
    bus.on(name, (progress) => {
      around.onProgress(progress);
    }),
  );
  story.tell('run:started', { trigger: order.trigger });
  let result: RunResult | undefined;
  let error: unknown;
  let disk: string | undefined;
  let lock: FileLock | undefined;
  let health: HealthCheck | undefined;
  let smart = false;
  const sources: SourceResult[] = [];
  try {
    const config = await around.loadConfig();
    lock = await waitForDevices(around.deviceLock, signal);
    const look = await around.lookOfPerson();
    if (look) throw openedByPersonRefusal(look);
    const record = await findRecord(registry, drive);
    if (
      mustWait(record.hold) &&
      allMustWait(
        record.hold,
        sourcesOf(config).map(({ name }) => name),
      )
    )
      throw stillHeld(record.label, record.hold);
    const volume = (await around.findVolumes()).find(
      (found) => found.luksUuid === record.luksUuid && found.diskseq === order.attach.diskseq,
    );
    if (volume === undefined) throw goneBefore(drive);
    disk = volume.disk;
    health = beginHealthCheck(around.health, record.health);
    smart = config.verify.smart;
    result = await backUp(
      {
        record,
        device: volume.device,
        config,
        onSource: (source) => {
          sources.push(source);
        },
      },
      around.machineFor(config, record),
      story,
      signal,
    );
  } catch (caught) {
    error = await withRekeyAdvice(caught, order.attach.luksUuid, around);
  }
  const phase = story.phase;
  await health?.end();
  const end = await proveClosed(order, disk, error, around);
  if (end === 'closed' && disk !== undefined && smart && !signal.aborted) await health?.ask(disk, new Date());
  for (const forget of forgetProgress) forget();
  const tookMs = Date.now() - startedAt.getTime();
  const failure = error === undefined ? undefined : failureOf(error);
  await updateLedger(
    order,
    startedAt,
    { result, failure, held: heldBy(order, startedAt, error), sources },
    health,
    around,
  );
  await lock?.release(); // not earlier: a rollback goes by what the ledger says of this run
  const exitCode = failure?.exitCode ?? (result?.gaps === true ? exitCodes.gaps : exitCodes.done);
  await around.record({
    ...runRecord(order, startedAt, tookMs, exitCode, end, result, failure, health),
    ...sourcesOfRun(sources),
  });
  for (const news of health?.news(drive) ?? []) story.tell('run:warned', news);
  if (failure && error instanceof HeldError)
    story.tell('run:held', { ...failure, ...(error.counts && { counts: error.counts }), tookMs });
  else if (failure) story.tell('run:failed', { ...failure, phase, tookMs });
  else
    story.tell('run:succeeded', {
      ...result?.figures,
      tookMs,
      gaps: result?.gaps === true,
      vanished: result?.vanished ?? 0,
      stamped: result?.stampedAt !== undefined,
      ...verifiedFigures(result),
    });
  if (end === 'closed') bus.emit('drive:safe-to-unplug', { drive, runId });
  if (end === 'open')
    bus.emit('drive:do-not-unplug', {
      drive,
      runId,
      reason: failure?.happened ?? 'It could not be proven that the disk is closed.',
    });
  return { drive: end, exitCode, ...(failure && { failure }), ...(result && { result }) };
}

/** A disk may still have an earlier key: then it is not foreign, and there is something to do about it. */
async function withRekeyAdvice(error: unknown, luksUuid: string, around: RunSurroundings): Promise<unknown> {
  if (!(error instanceof KeyError) || error.code !== 'EXB_KEY_REJECTED') return error;
  try {
    const advice = await around.rekeyAdvice(luksUuid);
    return advice ? new KeyError(error.code, advice.happened, advice.todo) : error;
  } catch {
    return error; // the list of earlier keys is damaged: what cryptsetup said is still true
  }
}

/** A command that opens disks, `drive prepare` for example, is waited for. */
async function waitForDevices(file: string, signal: AbortSignal, patienceMs = 15 * 60_000): Promise<FileLock> {
  const until = Date.now() + patienceMs;
  for (;;) {
    throwIfCancelled(signal);
    const lock = await lockFile(file);
    if (lock) return lock;
    await pause(500, signal);
    if (Date.now() > until)
      throw new BusyError(
        'Another extbackup command works with the disks.',
        'Let it end, then plug the disk in again or run: extbackup run',
      );
  }
}

async function findRecord(registry: DriveRegistry, drive: string): Promise<DriveRecord> {
  const record = (await registry.list()).find(({ label }) => label === drive);
  if (record?.state !== 'active') throw outOfRotation(drive, record?.state);
  return record;
}

const goneBefore = (drive: string): DriveError =>
  new DriveError('EXB_DISK_GONE', `Disk ${drive} was taken out before its run began.`, 'Plug it in again.');

/** Looks at the machine; an undo that believes it worked is no proof. */
async function proveClosed(
  order: RunOrder,
  disk: string | undefined,
  error: unknown,
  around: RunSurroundings,
): Promise<RunEnd['drive']> {
  try {
    const volume = (await around.findVolumes()).find(
      ({ diskseq, luksUuid }) => diskseq === order.attach.diskseq && luksUuid === order.attach.luksUuid,
    );
    const holds = await around.holdsOf(volume?.disk ?? disk, mappingName(order.drive));
    if (holds.length > 0 || error instanceof NotReleasedError) return 'open';
    return volume ? 'closed' : 'gone';
  } catch {
    return 'open'; // what cannot be proven is not said
  }
}

/** What the ledger learns of a run. */
interface Outcome {
  readonly result: RunResult | undefined;
  readonly failure: Failure | undefined;
  readonly held: Hold | undefined;
  /** Empty where there is only one source. */
  readonly sources: readonly SourceResult[];
}

async function updateLedger(
  order: RunOrder,
  startedAt: Date,
  outcome: Outcome,
  health: HealthCheck | undefined,
  around: RunSurroundings,
): Promise<void> {
  try {
    await around.registry.update((drives) =>
      drives.map((record) =>
        record.label === order.drive
          ? withHealth(afterRun(record, order.runId, startedAt, outcome), outcome.result, health)
          : record,
      ),
    );
  } catch (error) {
    const todo =
      error instanceof ExtbackupError ? error.todo : 'Check the space on this machine: df /var/lib/extbackup';
    around.bus.emit('warning:raised', {
      reason: `The list of disks could not be updated: ${messageOf(error)}`,
      todo: `The backup itself is not affected. ${todo}`,
    });
  }
}

/** What the ledger keeps of a run that stopped to ask. */
function heldBy(order: RunOrder, at: Date, error: unknown): Hold | undefined {
  const held = error instanceof NotReleasedError ? error.cause : error;
  if (!(held instanceof HeldError)) return undefined;
  return {
    runId: order.runId,
    at: at.toISOString(),
    reason: held.message,
    counts: held.counts ?? noCounts,
    ...(held.sources && { sources: held.sources }),
    ...(held.attestation && { attestation: held.attestation }),
    approved: null,
  };
}

function afterRun(
  record: DriveRecord,
  runId: string,
  startedAt: Date,
  { result, failure, held, sources }: Outcome,
): DriveRecord {
  const incomplete = result !== undefined && result.stampedAt === undefined;
  const { hold: before, historyAt, ...rest } = record;
  // A disk that still waits keeps the run that it waits for; an approval lasts until a run is complete.
  // Where other sources went on without it, the run itself names again what waits.
  const hold =
    mustWait(before) && held?.sources === undefined && !result?.stampedAt
      ? before
      : held
        ? { ...held, ...(mustWait(before) && { at: before.at }), agreed: agreement(before) }
        : result?.stampedAt
          ? undefined
          : before;
  return {
    ...rest,
    ...(historyAt !== undefined && { historyAt }),
    ...(hold && { hold }),
    ...((result?.suspicious ?? sources.some(({ pulled }) => pulled?.suspicious === true)) && {
      suspicion: { runId, at: startedAt.toISOString() },
    }),
    ...sourcesAfterRun(record, sources, failure?.code),
    runs: record.runs + 1,
    lastRun: startedAt.toISOString(),
    lastError: failure?.code ?? (incomplete ? 'EXB_GAPS' : null),
    ...(result && { generation: Math.max(record.generation, result.generation) }),
    // Figures of an incomplete pull would make the next one look harmless, or harmful.
    ...(result?.stampedAt && {
      filesTotal: result.figures.filesTotal,
      bytesTotal: result.figures.bytesTotal,
      lastSuccess: result.stampedAt.toISOString(),
      successBefore: record.lastSuccess,
      luks: record.luks ?? result.luks, // of a disk that was enrolled before it was written down
    }),
    ...(result?.historyAt && { historyAt: result.historyAt.toISOString(), historyBefore: historyAt }),
  };
}

const withHealth = (
  record: DriveRecord,
  result: RunResult | undefined,
  health: HealthCheck | undefined,
): DriveRecord =>
  health === undefined ? record : { ...record, health: health.healthAfter(result?.verified, new Date()) };

/** What a run read back, in numbers. */
function verifiedFigures(result: RunResult | undefined): { readonly verified?: VerifiedFigures } {
  if (result?.verified === undefined) return {};
  const { compared, recorded, bytes, known } = result.verified;
  return { verified: { files: compared + recorded, bytes, damaged: known.damaged + known.unreadable } };
}

function runRecord(
  order: RunOrder,
  startedAt: Date,
  tookMs: number,
  exitCode: number,
  disk: RunEnd['drive'],
  result: RunResult | undefined,
  failure: Failure | undefined,
  health: HealthCheck | undefined,
): RunRecord {
  const { figures } = result ?? {};
  return {
    id: order.runId,
    drive: order.drive,
    trigger: order.trigger,
    startedAt: startedAt.toISOString(),
    endedAt: new Date().toISOString(),
    outcome: outcomeOf(exitCode),
    exitCode,
    code: failure?.code ?? null,
    message: failure?.happened ?? '',
    released: disk !== 'open',
    pulledOut: disk === 'gone',
    tookMs,
    filesTotal: figures?.filesTotal ?? null,
    filesTransferred: figures?.filesTransferred ?? null,
    filesDeleted: figures?.filesDeleted ?? null,
    bytesTotal: figures?.bytesTotal ?? null,
    bytesTransferred: figures?.bytesTransferred ?? null,
    bytesReceived: figures?.bytesReceived ?? null,
    verified: verifiedFigures(result).verified ?? null,
    mediaErrors: health?.ioErrors ?? 0,
  };
}

function outcomeOf(exitCode: number): RunRecord['outcome'] {
  if (exitCode === exitCodes.done) return 'success';
  if (exitCode === exitCodes.gaps) return 'gaps';
  if (exitCode === exitCodes.held) return 'held';
  return exitCode === exitCodes.cancelled ? 'cancelled' : 'failure';
}
