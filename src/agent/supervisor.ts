/** The agent's main part: plugged disks lead to runs, requests get answers. The triggers call it; it does not know them. */
import type { DriveRecord } from '../records/drive-record.ts';
import { readOpenedByPerson } from '../opening/opened-by-person.ts';
import { releaseNow, type ReleaseNow } from '../opening/release-now.ts';
import { BusyError, ExtbackupError, KeyError, messageOf } from '../errors.ts';
import { coalesce } from '../system/coalesce.ts';
import { runOne, type RunEnd } from '../run/run-one.ts';
import { RunQueue, type RunOrder } from '../run/run-queue.ts';
import { readForecast } from '../records/run-forecast.ts';
import { files } from '../system/paths.ts';
import type { SpoolRequest } from '../protocol/spool-note.ts';
import { AttachBoard, goesOn } from './attach-board.ts';
import { inhibitSleep } from './inhibit.ts';
import { OpenDisks } from './open-disks.ts';
import { reasonToStop } from './reason-to-stop.ts';
import { refreshAttaches } from './refresh.ts';
import { releaseOnRequest } from './release-request.ts';
import { Requests, type PresentDrive } from './requests.ts';
import { stateAfter } from './run-outcome.ts';
import { sightOf, surroundingsOf, type Sight, type SupervisorParts, type Surroundings } from './surroundings.ts';
import { twinTrouble } from './twins.ts';
import { waitAfter } from './waiting.ts';

const plugged = 'The plugged disks could not be looked up';
const refreshAgainMs = 2_000;
const registryAgainMs = 30_000;

export class Supervisor {
  readonly board: AttachBoard = new AttachBoard();
  /** Something may have changed: looks up the plugged disks and acts on them. */
  readonly refresh: () => void;
  /** The key file appeared, changed or disappeared. */
  readonly keyChanged: () => void;
  readonly #parts: SupervisorParts;
  readonly #sight: Sight;
  readonly #queue: RunQueue;
  readonly #around: Surroundings;
  readonly #requests: Requests;
  readonly #openDisks: OpenDisks;
  readonly #stopping = new AbortController();
  #keyWasLoaded = false;
  #again: NodeJS.Timeout | undefined;
  #againAt = Infinity;
  #trouble: string | undefined; // reported once, not at every refresh

  constructor(parts: SupervisorParts, releaseAgainMs = 10_000) {
    this.#parts = parts;
    this.#sight = sightOf(parts);
    this.refresh = coalesce(
      () => this.#refresh(),
      (error) => {
        this.#onRefreshFailed(error);
      },
    );
    this.keyChanged = coalesce(() => this.#keyChanged(), this.#warn('The key could not be looked up'));
    this.#queue = new RunQueue(
      (order, signal) => this.#carryOut(order, signal),
      (order, reason) => {
        this.#onDropped(order, reason);
      },
    );
    const refreshLater = (afterMs?: number): void => {
      this.#refreshLater(afterMs);
    };
    const { bus, start, paths, registry } = parts;
    const { board, refresh: onClosed } = this;
    const stopping = this.#stopping.signal;
    this.#around = surroundingsOf(parts, this.#sight, { board, queue: this.#queue, refreshLater, stopping });
    this.#openDisks = new OpenDisks({ bus, start, paths, board, stopping, onClosed }, releaseAgainMs);
    this.#requests = new Requests({
      queue: this.#queue,
      replies: parts.replies,
      loadConfig: () => parts.loadConfig(),
      keyIsLoaded: this.#sight.keyIsLoaded,
      findDrives: () => this.#findDrives(),
      releaseNow: (drive, luksUuid) => this.#releaseNow(drive, luksUuid),
      release: () =>
        releaseOnRequest({ start, deviceLock: files.deviceLock(paths), queue: this.#queue, board, registry }).finally(
          onClosed,
        ),
      pause: () => this.#around.pause(),
      onQueued: (order) => {
        this.#onQueued(order);
      },
    });
  }

  /** A request from the CLI. */
  request(request: SpoolRequest): void {
    void this.#requests.take(request);
  }

  keyIsLoaded(): Promise<boolean> {
    return this.#sight.keyIsLoaded();
  }

  /** Resolves when there is no present and no queued run. */
  idle(): Promise<void> {
    return this.#queue.idle();
  }

  /** Ends the present run, which closes its disk, and starts no other. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    clearTimeout(this.#again);
    await this.#queue.stop(await reasonToStop(this.#parts.paths));
  }

  async #refresh(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    if ((await readOpenedByPerson(this.#parts.paths)) === undefined) this.board.retry('EXB_BUSY'); // closed again
    await refreshAttaches(this.#around);
    if (this.#trouble !== undefined) this.#parts.bus.emit('warning:settled', { topic: plugged });
    this.#trouble = undefined;
    this.#parts.publish();
  }

  #onRefreshFailed(error: unknown): void {
    this.#parts.publish();
    const ofRegistry = error instanceof ExtbackupError && error.code === 'EXB_LEDGER'; // reported by the registry's own watch
    if (!ofRegistry && this.#trouble !== messageOf(error)) this.#warn(plugged)(error);
    this.#trouble = messageOf(error);
    this.#refreshLater(ofRegistry ? registryAgainMs : refreshAgainMs);
  }

  #refreshLater(afterMs = refreshAgainMs): void {
    const at = performance.now() + afterMs;
    if (at >= this.#againAt || this.#stopping.signal.aborted) return; // an earlier refresh is due, and schedules the next
    clearTimeout(this.#again);
    this.#againAt = at;
    this.#again = setTimeout(() => {
      this.#againAt = Infinity;
      this.refresh();
    }, afterMs);
  }

  async #keyChanged(): Promise<void> {
    const loaded = await this.keyIsLoaded();
    if (loaded && !this.#keyWasLoaded) this.#parts.bus.emit('key:loaded', {});
    this.#keyWasLoaded = loaded;
    if (loaded) this.board.retry('EXB_KEY_REJECTED'); // a new key: try again
    this.refresh();
  }

  async #carryOut(order: RunOrder, signal: AbortSignal): Promise<void> {
    const { drive, attach } = order;
    const { attaches, runs } = this.#parts;
    const notNow = await this.#whyNotNow(order);
    if (notNow) {
      this.board.set(drive, 'new'); // the next refresh makes it wait
      this.#requests.onDropped(order, notNow);
      this.refresh();
      return;
    }
    this.#openDisks.handOver(drive);
    this.board.set(drive, 'running');
    this.board.startRun(order, await readForecast(runs, drive));
    await attaches.note(attach, 'started');
    this.#requests.onStarted(order.runId);
    const stopInhibiting = inhibitSleep(this.#parts.start, drive);
    const end = await runOne(order, this.#around, signal);
    this.board.endRun();
    stopInhibiting();
    await attaches.note(attach, end.resumes === true ? 'interrupted' : 'served');
    this.#showEnd(order, end);
    this.#requests.onEnded(order, end);
    this.refresh();
  }

  /** A run after a plug-in waits visibly; a requested run keeps its place in the queue. */
  async #whyNotNow({ drive, trigger }: RunOrder): Promise<ExtbackupError | undefined> {
    if (!(await this.keyIsLoaded())) return keyWentAway(drive);
    const reason = trigger === 'plug' ? await this.#around.inTheWay() : undefined;
    return reason === undefined ? undefined : new BusyError(reason, 'The run then starts automatically.');
  }

  #showEnd({ drive, trigger, attach: { diskseq } }: RunOrder, end: RunEnd): void {
    const { failure } = end;
    const words = failure ? `${failure.happened} ${failure.todo}` : null;
    if (end.disk === 'open') void this.#openDisks.watchOver(drive, diskseq, words);
    else if (this.board.isPluggedAnew(drive, diskseq))
      return; // its next run sets the state
    else if (end.disk === 'gone') this.board.set(drive, 'absent', words);
    else if (failure && end.waits === true) {
      const attach = this.board.find(drive);
      if (attach) waitAfter(failure, attach);
    } else if (failure) {
      const state = stateAfter(failure, end);
      const goesOnSoon = end.resumes === true || (failure.code === 'EXB_BUSY' && trigger === 'plug');
      const closed = goesOnSoon ? 'The disk is closed for now.' : 'The disk is closed: safe to unplug.';
      this.board.set(drive, state, `${words ?? ''} ${closed}`);
    } else {
      const gaps = end.result?.stampedAt === undefined ? 'Done with gaps: some files could not be copied.' : null;
      this.board.set(drive, 'safe-to-unplug', gaps);
    }
    const attach = this.board.find(drive);
    // A requested run is refused while a person has the disk open; a plug-in is served later.
    if (attach) attach.code = failure?.code === 'EXB_BUSY' && trigger !== 'plug' ? undefined : failure?.code;
    this.#parts.publish();
  }

  #releaseNow(label: string, luksUuid: string): Promise<ReleaseNow> {
    const attach = this.board.find(label);
    return releaseNow(this.#parts.paths, { label, luksUuid, goesOn: attach && goesOn(attach) }, this.#parts.measure);
  }

  #onQueued({ drive, runId, trigger }: RunOrder): void {
    this.board.set(drive, 'queued');
    this.#parts.bus.emit('run:queued', { runId, drive, trigger });
    this.#parts.publish();
  }

  #onDropped(order: RunOrder, reason: Error): void {
    if (this.board.run?.id === order.runId) {
      // The run had begun: only a measurement shows whether its disk is closed.
      this.board.endRun();
      void this.#openDisks.watchOver(order.drive, order.attach.diskseq, messageOf(reason));
    } else this.board.set(order.drive, 'idle', messageOf(reason));
    this.#requests.onDropped(order, reason);
    this.#parts.publish();
  }

  async #findDrives(): Promise<{ enrolled: readonly DriveRecord[]; present: readonly PresentDrive[] }> {
    const { registry, attaches } = this.#parts;
    const enrolled = await registry.list();
    const found = await this.#sight.findVolumes();
    const present = enrolled
      .filter(({ state }) => state === 'active')
      .flatMap((record) => {
        const volume = found.find(({ luksUuid }) => luksUuid === record.luksUuid);
        if (volume === undefined) return [];
        const refused = twinTrouble(record.label, volume, found, { attaches });
        return [{ record, diskseq: volume.diskseq, ...(refused && { refused }) }];
      });
    return { enrolled, present };
  }

  #warn(what: string): (error: unknown) => void {
    return (error) => {
      const reason = `${what}: ${messageOf(error)}`;
      this.#parts.bus.emit('warning:raised', { about: 'agent', reason, todo: 'See: extbackup doctor', topic: what });
    };
  }
}

const keyWentAway = (drive: string): KeyError =>
  new KeyError('EXB_KEY_MISSING', `The key was removed before the run of ${drive} began.`, 'Load it: extbackup unlock');
