import type { Failure } from '../bus/events.ts';
import { AgentStoppedError, exitCodes, KeyError, PullError } from '../errors.ts';
import { backUp } from '../pipeline/back-up.ts';
import type { BegunMark } from '../pipeline/begun-record.ts';
import type { RunResult, SourceResult } from '../pipeline/job.ts';
import type { ReleaseAfter } from '../config/release-schema.ts';
import type { DriveRecord, Unparkable } from '../records/drive-record.ts';
import { createStory, type Story } from '../pipeline/story.ts';
import { staysThere } from '../disk/gone-soon.ts';
import type { FileLock } from '../system/file-lock.ts';
import { sourcesFor, sourcesOf, type PullSource } from '../config/sources.ts';
import { inNoSet } from '../records/out-of-rotation.ts';
import { claimDisk, isPluggedIn, proveClosed, waitForDevices } from './claim-disk.ts';
import { beginHealthCheck, type HealthCheck } from './disk-health-check.ts';
import { waitsIn, type DiskAfterRun, type EndedRun } from './ended-run.ts';
import { failureOf } from './failure.ts';
import { parkAfterRun } from './park-after-run.ts';
import type { RunOrder } from './run-queue.ts';
import type { RunSurroundings } from './run-surroundings.ts';
import { runRecordOf, tellEnd } from './tell-run.ts';
import { withMemoryNamed } from './short-memory.ts';
import { updateRegistry } from './update-registry.ts';

/** The result of a run. */
export interface RunEnd {
  readonly failure?: Failure;
  readonly result?: RunResult;
  readonly disk: DiskAfterRun;
  readonly exitCode: number;
  /** The agent stops, and the next agent continues the run. */
  readonly resumes?: boolean;
  /** It goes on by itself when the server answers. */
  readonly waits?: boolean;
}

/** One run from its first to its last event. Never throws: the outcome is in the events, the records and the result. */
export async function runOne(order: RunOrder, around: RunSurroundings, signal: AbortSignal): Promise<RunEnd> {
  const startedAt = new Date();
  const at: Attempt = { begin: performance.now(), sources: [], elsewhere: [] };
  const story = createStory(around.bus, order.runId, order.drive, (phase) => {
    if (phase === 'opening' && at.disk !== undefined) at.health?.begin(at.disk); // errors while waking up do not count
    around.onPhase(phase);
  });
  const forgetProgress = (['sync:progress', 'data:progress'] as const).map((name) =>
    around.bus.on(name, (progress) => {
      around.onProgress(progress);
    }),
  );
  story.tell('run:started', { trigger: order.trigger });
  await around.begun(order, startedAt);
  const oomKills = await around.oomKills?.();
  try {
    await attempt(order, at, around, story, signal);
  } catch (caught) {
    const advised = await withRekeyAdvice(caught, order.attach.luksUuid, around);
    at.error = await withMemoryNamed(advised, oomKills, around.oomKills);
  }
  const phase = story.phase;
  await at.health?.end();
  if (isDiskError(at.error)) await staysThere(() => isPluggedIn(order, around), signal);
  const closed = await proveClosed(order, at.disk, at.error, around);
  if (closed === 'gone') at.error = asUnplugged(order, at.error);
  if (closed === 'closed' && at.disk !== undefined && at.smart === true && !signal.aborted)
    await at.health?.ask(at.disk, new Date());
  for (const forget of forgetProgress) forget();
  const ended = await parkDisk(endedRun(order, startedAt, at, closed), at, around, story);
  const { disk } = ended;
  await updateRegistry(ended, around);
  await at.lock?.release(); // not earlier: a rollback relies on the registry's record of this run
  await around.record(runRecordOf(ended));
  tellEnd(ended, phase, story, around);
  await around.told();
  const { error, failure, result, exitCode } = ended;
  const resumes = disk === 'closed' && error instanceof AgentStoppedError;
  const waits = waitsIn(ended);
  return {
    disk,
    exitCode,
    ...(resumes && { resumes }),
    ...(waits && { waits }),
    ...(failure && { failure }),
    ...(result && { result }),
  };
}

const isDiskError = (error: unknown): error is PullError =>
  error instanceof PullError && error.code === 'EXB_DISK_ERROR';

/** A disk that was pulled out may report an error before the kernel removes it: that is no fault of the disk. */
function asUnplugged({ drive }: RunOrder, error: unknown): unknown {
  if (!isDiskError(error)) return error;
  return new PullError(
    'EXB_DISK_GONE',
    `Disk ${drive} was unplugged during its run.`,
    'Plug it in again: the run starts again. Wait for "safe to unplug" before you take it out.',
    error,
  );
}

/** Parks the disk unless it will be used again soon. Whether it may be unplugged is measured again afterwards. */
async function parkDisk(
  ended: EndedRun,
  { disk, after, unparkable }: Attempt,
  around: RunSurroundings,
  story: Story,
): Promise<EndedRun> {
  const { order, error } = ended;
  const goesOn = error instanceof AgentStoppedError || waitsIn(ended);
  if (ended.disk !== 'closed' || disk === undefined || goesOn || !around.parking) return ended;
  const parked = await parkAfterRun({ drive: order.drive, disk }, after, unparkable, around.parking);
  if (parked === undefined) return ended;
  const { outcome, tookMs } = parked;
  if (outcome === 'parked' || outcome === 'powered-off') story.tell('drive:parked', { how: outcome, tookMs });
  const now = await proveClosed(order, disk, error, around);
  return { ...ended, parked, disk: outcome === 'powered-off' && now === 'gone' ? 'closed' : now };
}

function endedRun(order: RunOrder, startedAt: Date, at: Attempt, disk: DiskAfterRun): EndedRun {
  const { error, result, sources, elsewhere, health, position, rooms, unparkable } = at;
  const tookMs = Math.round(performance.now() - at.begin);
  const failure = error === undefined ? undefined : failureOf(error);
  const exitCode = failure?.exitCode ?? (result?.gaps === true ? exitCodes.gaps : exitCodes.done);
  const known = { elsewhere, health, position, rooms, unparkable };
  return { order, startedAt, tookMs, disk, exitCode, result, error, failure, sources, ...known };
}

/** The state of a run so far; parts that it did not reach are absent. */
interface Attempt {
  /** By `performance.now()`: the clock may be set during the run. */
  readonly begin: number;
  lock?: FileLock;
  /** Kernel name of the whole disk. */
  disk?: string;
  health?: HealthCheck;
  smart?: boolean;
  /** Room on the disk after earlier runs. */
  rooms?: DriveRecord['rooms'];
  /** Setting `release.after`. */
  after?: ReleaseAfter | undefined;
  unparkable?: Unparkable | undefined;
  result?: RunResult;
  error?: unknown;
  /** Number of the newest history entry before the run. */
  position?: number;
  readonly sources: SourceResult[];
  /** Sources that other sets take. */
  elsewhere: readonly string[];
}

const namesOf = (sources: readonly PullSource[]): string[] => sources.flatMap(({ name }) => name ?? []);

async function attempt(
  order: RunOrder,
  at: Attempt,
  around: RunSurroundings,
  story: Story,
  signal: AbortSignal,
): Promise<void> {
  const config = await around.loadConfig();
  const [first, ...others] = sourcesFor(config, order.drive);
  if (first === undefined) throw inNoSet(order.drive);
  const sources = [first, ...others] as const;
  at.elsewhere = namesOf(sourcesOf(config)).filter((name) => !namesOf(sources).includes(name));
  at.lock = await waitForDevices(around.deviceLock, signal);
  const { record, volume } = await claimDisk(order, sources, around);
  at.rooms = record.rooms;
  at.disk = volume.disk;
  at.health = beginHealthCheck(around.health, record.health);
  at.smart = config.verify.smart;
  at.after = config.release.after;
  at.unparkable = record.unparkable;
  const onSource = (source: SourceResult): void => {
    at.sources.push(source);
  };
  const onPosition = (position: number): void => {
    at.position = position;
  };
  const onCutOff = (begun: BegunMark): Promise<boolean> => around.foundCutOff(record.label, begun);
  const job = { record, device: volume.device, config, sources, onSource, onPosition, onCutOff };
  at.result = await backUp(job, around.machineFor(config, record), story, signal);
}

/** A disk may still have an earlier key: then it is not foreign, and there is a remedy. */
async function withRekeyAdvice(error: unknown, luksUuid: string, around: RunSurroundings): Promise<unknown> {
  if (!(error instanceof KeyError) || error.code !== 'EXB_KEY_REJECTED') return error;
  try {
    const advice = await around.rekeyAdvice(luksUuid);
    return advice ? new KeyError(error.code, advice.happened, advice.todo) : error;
  } catch {
    return error; // the list of earlier keys is damaged: cryptsetup's answer is still true
  }
}
