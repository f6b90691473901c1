import type { OfSource, Progress } from '../bus/events.ts';
import { noProgress, withProgress } from './run-progress.ts';
import { remarksOf } from '../records/disk-health.ts';
import { fullSoon } from '../records/room-forecast.ts';
import { sourcesOfDisk } from '../records/source-record.ts';
import type { DriveRecord } from '../records/drive-record.ts';
import type { DriveState, DriveStatus, RunStatus } from '../protocol/status.ts';
import { noForecast, type RunForecast } from '../records/run-forecast.ts';
import { copyFrom, type RotationPlace } from '../records/rotation.ts';
import type { RunOrder } from '../run/run-queue.ts';
import type { Volume } from '../disk/volumes.ts';

/** The agent's view of one attach of a LUKS volume. */
export interface Attach {
  readonly volume: Volume;
  /** Label of the enrolled disk; undefined for a volume that is not enrolled. */
  readonly drive: string | undefined;
  /** The registry's record of the disk at the time of the decision; undefined for a volume that is not enrolled. */
  readonly enrolment: string | undefined;
  /** `new`: no decision yet. `ignored`: it must not be opened. */
  state: DriveState | 'ignored' | 'new';
  /** For the operator: why the disk waits, failed or must not be unplugged. */
  message: string | null;
  /** Error code of a run that failed. */
  code?: string | undefined;
  /** State `held`: the registry had the hold. */
  isHoldRecorded?: boolean;
  /** It was spun down after its run. */
  parked?: boolean;
  /**
   * When to ask the server again, by `performance.now()`: in the state `waiting-for-server`, and in the state `held`
   * where the server of another source was away.
   */
  againAt?: number;
  /** The length of the present wait for the server. */
  waitedMs?: number;
  /** State `waiting-for-device`: its start, by `performance.now()`, and the reasons that were reported. */
  waitsSince?: number;
  toldReasons?: Set<string>;
}

/** States after which the agent opens the disk by itself. */
const goesOnStates: readonly Attach['state'][] = [
  'new',
  'queued',
  'waiting-for-key',
  'waiting-for-server',
  'waiting-for-device',
];

/** Whether the agent asks the server, and starts a run when it answers. */
export const asksServer = ({ state, againAt }: Attach): boolean =>
  state === 'waiting-for-server' || (state === 'held' && againAt !== undefined);

/** Whether the agent will open the disk by itself, without a request. */
export const goesOn = (attach: Attach): boolean =>
  goesOnStates.includes(attach.state) ||
  asksServer(attach) ||
  (attach.state === 'failed' && attach.code === 'EXB_BUSY');

/** Phases that belong to one of several sources. */
const ofOneSource: readonly string[] = ['pulling', 'deleting', 'waiting-for-server'];

const sameAttach = (a: Volume, b: Volume): boolean =>
  a.diskseq === b.diskseq && a.luksUuid === b.luksUuid && a.kname === b.kname;

/** The plugged disks and their states; the source of the status file. */
export class AttachBoard {
  #attaches: Attach[] = [];
  #run: RunStatus | null = null;
  #forecast: RunForecast = noForecast;
  /** Messages about unplugged disks. */
  readonly #lastWords = new Map<string, string>();
  /** Disks that the agent itself removes, or has removed, from the bus: their state after the run. */
  readonly #poweredOff = new Map<string, Pick<Attach, 'state' | 'message'>>();

  get attaches(): readonly Attach[] {
    return this.#attaches;
  }

  /** The present run. */
  get run(): RunStatus | null {
    return this.#run;
  }

  /** The attach of this disk, unless it is ignored. */
  find(drive: string): Attach | undefined {
    return this.#attaches.find((attach) => attach.drive === drive && attach.state !== 'ignored');
  }

  /** Whether the disk was unplugged and plugged in again since the attach with this DISKSEQ. */
  isPluggedAnew(drive: string, diskseq: number): boolean {
    return (this.find(drive)?.volume.diskseq ?? diskseq) !== diskseq;
  }

  put(attach: Attach): void {
    this.#attaches.push(attach);
    if (attach.drive === undefined) return;
    this.#lastWords.delete(attach.drive);
    this.#poweredOff.delete(attach.drive);
  }

  /** The agent is about to remove a disk from the bus: when it disappears, nobody has unplugged it. */
  expectPowerOff(drive: string, isExpected: boolean): void {
    if (isExpected) this.#poweredOff.set(drive, { state: 'running', message: null });
    else this.#poweredOff.delete(drive);
  }

  /** Whether the agent has removed a disk from the bus, or is about to. */
  isPoweredOff(drive: string): boolean {
    return this.#poweredOff.has(drive);
  }

  /** Removes the attaches that are not in `present`, and returns them. */
  dropAllBut(present: readonly Volume[]): Attach[] {
    const gone = this.#attaches.filter(({ volume }) => !present.some((other) => sameAttach(volume, other)));
    this.#attaches = this.#attaches.filter((attach) => !gone.includes(attach));
    return gone;
  }

  set(drive: string, state: Attach['state'], message: string | null = null): void {
    const attach = this.find(drive);
    const isOff = this.#poweredOff.has(drive);
    if (isOff) this.#poweredOff.set(drive, { state, message });
    if (attach) {
      attach.state = state;
      attach.message = message;
      delete attach.againAt;
      delete attach.isHoldRecorded;
      if (state === 'running') delete attach.parked;
    } else if (!isOff && message !== null) {
      this.#lastWords.set(drive, message);
    }
  }

  /** Lets attaches whose run failed with this error have another run. */
  retry(code: string): void {
    for (const attach of this.#attaches) if (attach.state === 'failed' && attach.code === code) attach.state = 'new';
  }

  startRun({ runId: id, drive }: RunOrder, forecast: RunForecast = noForecast): void {
    const { lastTookMs } = forecast;
    this.#forecast = forecast;
    this.#run = { id, drive, phase: 'waking', ...noProgress, lastTookMs, startedAt: new Date().toISOString() };
  }

  endRun(): void {
    this.#run = null;
  }

  setPhase(phase: string): void {
    if (!this.#run) return;
    const { source, ...rest } = this.#run;
    const goesOn = [phase, this.#run.phase].includes('waiting-for-server');
    this.#run = {
      ...rest,
      ...(source !== undefined && ofOneSource.includes(phase) && { source }),
      phase,
      ...(goesOn ? { etaSeconds: null } : noProgress),
    };
  }

  setProgress(progress: Progress & OfSource): void {
    if (!this.#run) return;
    this.#run = withProgress(this.#run, progress, this.#forecast);
  }

  /** Labels of the enrolled disks that are plugged in. */
  present(): ReadonlySet<string> {
    return new Set(this.#attaches.flatMap(({ drive }) => (drive === undefined ? [] : [drive])));
  }

  /** The states of all enrolled disks. */
  describe(records: readonly DriveRecord[], rotation: ReadonlyMap<string, RotationPlace>): DriveStatus[] {
    return records.map((record) => {
      const ignored = this.#attaches.find(({ drive, state }) => drive === record.label && state === 'ignored');
      const attach = this.find(record.label) ?? ignored;
      const place = rotation.get(record.label);
      const off = attach === undefined ? this.#poweredOff.get(record.label) : undefined;
      return {
        label: record.label,
        luksUuid: record.luksUuid,
        present: attach !== undefined,
        state: shownState(attach?.state ?? off?.state ?? 'absent'),
        enrolledAt: record.enrolledAt,
        lastSuccess: record.lastSuccess,
        ...copyFrom(record, new Date()),
        drilledAt: record.drilledAt ?? null,
        overdue: place?.overdue ?? false,
        nextUp: place?.nextUp ?? false,
        ...(attach && goesOn(attach) && { goesOn: true }),
        ...((attach?.parked === true || off) && { parked: true }),
        ...(off && { poweredOff: true }),
        ...(attach?.state === 'failed' && attach.code !== undefined && { code: attach.code }),
        message: off ? poweredOffWords(off.message) : this.#messageOf(record, attach, ignored),
        health: [...remarksOf(record.health), ...fullSoon(record)],
        ...sourcesOfDisk(record),
      };
    });
  }

  /** The message about the attach, or the last one about an unplugged disk, or the reason for its hold. */
  #messageOf({ label, hold }: DriveRecord, attach: Attach | undefined, ignored: Attach | undefined): string | null {
    const messages = [attach?.message, ignored?.message].filter((message) => message != null);
    if (messages.length > 0) return [...new Set(messages)].join(' ');
    return this.#lastWords.get(label) ?? (hold?.approved === null ? hold.reason : null);
  }
}

const poweredOffWords = (message: string | null): string =>
  `${message === null ? '' : `${message} `}It is powered off. To use it again, plug it in anew.`;

function shownState(state: Attach['state']): DriveState {
  if (state === 'ignored') return 'failed';
  return state === 'new' ? 'idle' : state;
}
