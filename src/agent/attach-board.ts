import type { OfSource, Progress } from '../bus/events.ts';
import { remarksOf } from '../records/disk-health.ts';
import { sourcesOfDisk } from '../records/source-record.ts';
import type { DriveRecord } from '../records/drive-record.ts';
import type { DriveState, DriveStatus, RunStatus } from '../protocol/status.ts';
import type { RotationPlace } from '../records/rotation.ts';
import type { RunOrder } from '../run/run-queue.ts';
import type { Volume } from '../disk/volumes.ts';

/** One attach of a LUKS volume, as the agent sees it. */
export interface Attach {
  readonly volume: Volume;
  /** Label of the enrolled disk; undefined for a volume that is not ours. */
  readonly drive: string | undefined;
  /** The registry's record of the disk when this was decided; undefined for a volume that is not ours. */
  readonly enrolment: string | undefined;
  /** `new`: nothing was decided yet. `ignored`: it must not be opened. */
  state: DriveState | 'ignored' | 'new';
  /** For the operator: why it waits, failed or must not be unplugged. */
  message: string | null;
  /** Error code of a run that failed. */
  code?: string | undefined;
}

/** What is plugged in and how it stands; the source of the status file. */
export interface AttachBoard {
  readonly attaches: readonly Attach[];
  /** The attach of this disk that is not ignored. */
  find(drive: string): Attach | undefined;
  has(volume: Volume): boolean;
  put(attach: Attach): void;
  /** Takes out what is not among `present` any more, and returns it. */
  dropAllBut(present: readonly Volume[]): Attach[];
  set(drive: string, state: Attach['state'], message?: string | null): void;
  /** Gives attaches whose run failed with this error another one. */
  retry(code: string): void;
  startRun(order: RunOrder): void;
  endRun(): void;
  readonly run: RunStatus | null;
  setPhase(phase: string): void;
  setProgress(progress: Progress & OfSource): void;
  /** Labels of the enrolled disks that are plugged in. */
  present(): ReadonlySet<string>;
  /** The states of all enrolled disks. */
  describe(records: readonly DriveRecord[], rotation: ReadonlyMap<string, RotationPlace>): DriveStatus[];
}

/** Phases that belong to one of several sources. */
const ofOneSource: readonly string[] = ['pulling', 'deleting', 'waiting-for-server'];

const sameAttach = (a: Volume, b: Volume): boolean =>
  a.diskseq === b.diskseq && a.luksUuid === b.luksUuid && a.kname === b.kname;

export function createAttachBoard(): AttachBoard {
  let attaches: Attach[] = [];
  let run: RunStatus | null = null;
  const lastWords = new Map<string, string>(); // of disks that are gone but left something to be said
  const find = (drive: string): Attach | undefined =>
    attaches.find((attach) => attach.drive === drive && attach.state !== 'ignored');
  const findIgnored = (drive: string): Attach | undefined =>
    attaches.find((attach) => attach.drive === drive && attach.state === 'ignored');
  return {
    get attaches() {
      return attaches;
    },
    find,
    has: (volume) => attaches.some((attach) => sameAttach(attach.volume, volume)),
    put: (attach) => {
      attaches.push(attach);
      if (attach.drive !== undefined) lastWords.delete(attach.drive);
    },
    dropAllBut: (present) => {
      const gone = attaches.filter(({ volume }) => !present.some((other) => sameAttach(volume, other)));
      attaches = attaches.filter((attach) => !gone.includes(attach));
      return gone;
    },
    set: (drive, state, message = null) => {
      const attach = find(drive);
      if (attach) {
        attach.state = state;
        attach.message = message;
      } else if (message !== null) {
        lastWords.set(drive, message);
      }
    },
    retry: (code) => {
      for (const attach of attaches) if (attach.state === 'failed' && attach.code === code) attach.state = 'new';
    },
    get run() {
      return run;
    },
    startRun: (order) => {
      run = {
        id: order.runId,
        drive: order.drive,
        phase: 'waking',
        percent: null,
        bytes: 0,
        files: 0,
        etaSeconds: null,
        startedAt: new Date().toISOString(),
      };
    },
    endRun: () => {
      run = null;
    },
    setPhase: (phase) => {
      if (!run) return;
      const { source, ...rest } = run;
      const goesOn = [phase, run.phase].includes('waiting-for-server');
      run = {
        ...rest,
        ...(source !== undefined && ofOneSource.includes(phase) && { source }),
        phase,
        etaSeconds: null,
        ...(!goesOn && { percent: null, bytes: 0, files: 0 }),
      };
    },
    setProgress: ({ percent, bytes, files, etaSeconds, source }) => {
      if (run)
        run = {
          ...run,
          ...(source !== undefined && { source }),
          percent: percent ?? null,
          bytes,
          files,
          etaSeconds: etaSeconds ?? null,
        };
    },
    present: () => new Set(attaches.flatMap(({ drive }) => (drive === undefined ? [] : [drive]))),
    describe: (records, rotation) =>
      records.map((record) => {
        const ignored = findIgnored(record.label);
        const attach = find(record.label) ?? ignored;
        const words = [...new Set([attach?.message, ignored?.message].filter((message) => message != null))].join(' ');
        return {
          label: record.label,
          luksUuid: record.luksUuid,
          present: attach !== undefined,
          state: attach === undefined ? 'absent' : shownState(attach.state),
          enrolledAt: record.enrolledAt,
          lastSuccess: record.lastSuccess,
          overdue: rotation.get(record.label)?.overdue ?? false,
          nextUp: rotation.get(record.label)?.nextUp ?? false,
          message:
            words !== ''
              ? words
              : (lastWords.get(record.label) ?? (record.hold?.approved === null ? record.hold.reason : null)),
          health: remarksOf(record.health),
          ...sourcesOfDisk(record),
        };
      }),
  };
}

function shownState(state: Attach['state']): DriveState {
  if (state === 'ignored') return 'failed';
  return state === 'new' ? 'idle' : state;
}
