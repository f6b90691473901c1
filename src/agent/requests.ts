import type { Config } from '../config/schema.ts';
import type { DriveRecord } from '../records/drive-record.ts';
import type { Pause } from '../records/pause.ts';
import { isInFuture } from '../records/rotation.ts';
import { outOfRotation } from '../records/out-of-rotation.ts';
import { BusyError, CancelledError, DriveError, exitCodes, ExtbackupError, KeyError } from '../errors.ts';
import { failureOf } from '../run/failure.ts';
import type { ReleaseNow } from '../opening/release-now.ts';
import type { RunEnd } from '../run/run-one.ts';
import type { RunOrder, RunQueue } from '../run/run-queue.ts';
import type { SpoolRequest } from '../protocol/spool-note.ts';
import type { Reply } from '../protocol/status.ts';
import type { Replies } from './replies.ts';
import { good, outcomeOf, sayWithDisk, type RunOutcome } from './run-outcome.ts';

type RunRequest = Extract<SpoolRequest, { kind: 'run' }>;

/** An enrolled disk that is plugged in. */
export interface PresentDrive {
  readonly record: DriveRecord;
  readonly diskseq: number;
  /** Why the disk must not be opened, for example because a second disk has the same UUID. */
  readonly refused?: ExtbackupError;
}

/** The parts of the agent that requests use. */
export interface RequestSurroundings {
  readonly queue: RunQueue;
  readonly replies: Replies;
  loadConfig(): Promise<Config>;
  keyIsLoaded(): Promise<boolean>;
  /** The enrolled disks, and the plugged-in ones among them. */
  findDrives(): Promise<{ readonly enrolled: readonly DriveRecord[]; readonly present: readonly PresentDrive[] }>;
  readonly onQueued: (order: RunOrder) => void;
  pause(): Promise<Pause | undefined>;
  /** Measures whether a disk may be unplugged now, after its run has closed it. */
  releaseNow(drive: string, luksUuid: string): Promise<Pick<ReleaseNow, 'words'>>;
  /** Closes disks that were left open; returns a message about them. */
  release(): Promise<string>;
}

interface Asked {
  readonly id: string;
  readonly open: Set<string>;
  readonly runIds: readonly string[];
  /** Runs of this request; the others were there before, and are not cancelled with it. */
  readonly own: ReadonlySet<string>;
  /** Failed runs and refused disks. */
  readonly troubles: RunOutcome[];
  /** The request is to cancel these runs, so their cancellation is its success. */
  readonly cancels?: true;
  /** Successful runs. */
  readonly good: RunOutcome[];
}

/** Serves and answers the requests of the CLI. */
export class Requests {
  readonly #around: RequestSurroundings;
  readonly #asked = new Map<string, Asked>();

  constructor(around: RequestSurroundings) {
    this.#around = around;
  }

  /** Never throws: an error becomes the answer. */
  async take(request: SpoolRequest): Promise<void> {
    try {
      if (request.kind === 'run') await this.#startRuns(request);
      else if (request.kind === 'cancel-runs') this.#cancelRuns(request);
      else if (request.kind === 'cancel') cancel(this.#asked.get(request.id), this.#around.queue);
      else this.#send(request.id, 'done', [], { ...good, happened: await this.#around.release() });
    } catch (error) {
      const { exitCode, code, happened, todo } = failureOf(error);
      this.#send(request.id, 'done', [], { exitCode, code, happened, todo });
    }
  }

  onStarted(runId: string): void {
    for (const { id, open, runIds } of this.#asked.values()) if (open.has(runId)) this.#send(id, 'started', runIds);
  }

  onEnded(order: RunOrder, end: RunEnd): void {
    this.#settle(order.runId, outcomeOf(order, end));
  }

  onDropped({ runId }: RunOrder, reason: Error): void {
    this.#settle(runId, failureOf(reason));
  }

  /**
   * Queues each disk of the request. A run in progress counts as served; without any other disk, the request is
   * refused.
   */
  async #startRuns(request: RunRequest): Promise<void> {
    const { queue, onQueued } = this.#around;
    const { due: drives, refusals } = await chooseDrives(request, this.#around);
    const running = queue.current;
    if (drives.every(({ record }) => record.label === running?.drive)) {
      throw new BusyError(
        `A run to disk ${running?.drive ?? ''} is already in progress.`,
        'Follow it with: extbackup status --watch',
      );
    }
    const trigger = request.scheduled ? 'scheduled' : 'request';
    const orders = drives.flatMap(({ record, diskseq }) => {
      const added = queue.add(record.label, { diskseq, luksUuid: record.luksUuid }, trigger);
      if (added?.isNew === true) onQueued(added.order);
      return added?.order ?? queue.current ?? [];
    });
    const runIds = orders.map(({ runId }) => runId);
    const own = new Set(runIds.filter((runId) => runId !== running?.runId));
    const troubles = refusals.map(failureOf);
    this.#asked.set(request.id, { id: request.id, runIds, own, open: new Set(runIds), troubles, good: [] });
    this.#send(request.id, 'queued', runIds);
  }

  /** Cancels the present and the queued runs, or only those of one disk; answers when all have ended. */
  #cancelRuns({ id, drive }: Extract<SpoolRequest, { kind: 'cancel-runs' }>): void {
    const { queue } = this.#around;
    const orders = [...queue.waiting, ...(queue.current ? [queue.current] : [])].filter(
      (order) => drive === null || order.drive === drive,
    );
    const runIds = orders.map(({ runId }) => runId);
    if (runIds.length === 0) {
      const which = drive === null ? '' : ` to disk ${drive}`;
      this.#send(id, 'done', [], { ...good, happened: `No run${which} is going on.` });
      return;
    }
    this.#asked.set(id, {
      id,
      runIds,
      own: new Set(runIds),
      open: new Set(runIds),
      troubles: [],
      good: [],
      cancels: true,
    });
    this.#send(id, 'started', runIds);
    const reason = new CancelledError(
      'The run was cancelled.',
      'It starts again with the next plug, or with: extbackup run',
    );
    for (const runId of runIds) queue.end(runId, reason);
  }

  #settle(runId: string, outcome: RunOutcome): void {
    for (const request of this.#asked.values()) {
      if (!request.open.delete(runId)) continue;
      const isWanted = request.cancels === true && outcome.exitCode === exitCodes.cancelled;
      if (outcome.exitCode === exitCodes.done || isWanted) request.good.push(outcome);
      else request.troubles.push(outcome);
      if (request.open.size > 0) continue;
      void this.#sendEnd(request);
    }
  }

  /** The final answer. Hours may have passed since the end of its first run. */
  async #sendEnd({ id, runIds, troubles, good: wentWell }: Asked): Promise<void> {
    const say = async ({ happened, release }: RunOutcome): Promise<string> =>
      release === undefined ? happened : sayWithDisk(happened, release.drive, await this.#releaseWords(release));
    const inOrder = [...troubles].sort((one, other) => other.exitCode - one.exitCode);
    const ends = await Promise.all([...inOrder, ...wentWell].map(say));
    const happened = [...new Set(ends)].join(inOrder.length === 0 ? '\n' : ' ');
    const todo = [...new Set(inOrder.map((trouble) => trouble.todo))].filter((text) => text !== '').join(' ');
    this.#send(id, 'done', runIds, { ...(inOrder[0] ?? good), happened, todo });
    this.#asked.delete(id);
  }

  async #releaseWords({ disk, drive, luksUuid }: NonNullable<RunOutcome['release']>): Promise<string> {
    if (disk === 'open') return 'DO NOT UNPLUG it yet: it could not be closed';
    if (disk === 'gone') return 'it was taken out';
    if (disk === 'waits') return 'leave it plugged in: it goes on by itself when the server answers';
    return (await this.#around.releaseNow(drive, luksUuid)).words;
  }

  #send(id: string, state: Reply['state'], runIds: readonly string[], outcome?: RunOutcome): void {
    const { exitCode = null, code = null, happened = '', todo = '' } = outcome ?? {};
    const own = this.#asked.get(id)?.own;
    const joinedRunIds = own ? runIds.filter((runId) => !own.has(runId)) : [];
    void this.#around.replies.send({
      ...{ version: 1, id, state, runIds: [...runIds], joinedRunIds },
      ...{ exitCode, code, happened, todo },
    });
  }
}

function cancel(request: Asked | undefined, queue: RunQueue): void {
  for (const runId of request?.open ?? [])
    if (request?.own.has(runId) === true)
      queue.end(runId, new CancelledError('The run was cancelled.', 'Start it again: extbackup run'));
}

/** Gives each disk of a request its own run or its own refusal. */
interface Chosen {
  readonly due: readonly PresentDrive[];
  readonly refusals: readonly ExtbackupError[];
}

/** The disks of a request. @throws ExtbackupError when no run can begin */
async function chooseDrives(request: RunRequest, around: RequestSurroundings): Promise<Chosen> {
  if (request.scheduled && (await around.pause()) !== undefined)
    throw new ExtbackupError('EXB_PAUSED', exitCodes.fresh, {
      happened: 'The backups are paused: no run starts by itself.',
      todo: 'To end the pause: extbackup resume ; to back up anyway: extbackup run',
    });
  const config = await around.loadConfig();
  const { enrolled, present } = await around.findDrives();
  const wanted = request.drive === null ? present : present.filter(({ record }) => record.label === request.drive);
  const named = enrolled.find(({ label }) => label === request.drive);
  if (request.drive !== null && named?.state !== 'active') throw outOfRotation(request.drive, named?.state);
  if (wanted.length === 0) {
    throw new DriveError(
      'EXB_NOT_PRESENT',
      request.drive === null ? 'No enrolled disk is plugged in.' : `Disk ${request.drive} is not plugged in.`,
      'Plug it in; its run then starts automatically.',
    );
  }
  const isDue = ({ record }: PresentDrive): boolean =>
    !request.scheduled || !isFresh(record, config.scheduled.freshFor);
  const due = wanted.filter((drive) => drive.refused === undefined && isDue(drive));
  const refusals = wanted.flatMap(({ refused }) => refused ?? []);
  if (due.length === 0 && refusals[0]) throw refusals[0];
  if (due.length === 0) {
    throw new ExtbackupError('EXB_FRESH', exitCodes.fresh, {
      happened: 'The copy is still fresh; there is nothing to do.',
      todo: 'To back up anyway: extbackup run',
    });
  }
  if (!(await around.keyIsLoaded()))
    throw new KeyError('EXB_KEY_MISSING', 'The key is not loaded.', 'Load it: extbackup unlock');
  return { due, refusals };
}

/** A copy with a date in the future is not fresh: the clock was wrong then, or is wrong now. */
const isFresh = ({ lastSuccess }: DriveRecord, freshForMs: number): boolean =>
  lastSuccess !== null && !isInFuture(lastSuccess, new Date()) && Date.now() - Date.parse(lastSuccess) < freshForMs;
