import { remarksOf } from '../records/disk-health.ts';
import type { DriveRecord } from '../records/drive-record.ts';
import { fullSoon } from '../records/room-forecast.ts';
import type { RunRecord } from '../records/run-record.ts';
import type { Status } from '../protocol/status.ts';
import type { Speaker } from '../words/speaker.ts';

/** One disk of the report. Times are ISO 8601, UTC. */
export interface ReportedDisk {
  readonly label: string;
  readonly state: DriveRecord['state'];
  /** Whether it is plugged in now. */
  readonly here: boolean;
  readonly enrolledAt: string;
  readonly lastSuccess: string | null;
  readonly overdue: boolean;
  readonly next: boolean;
  readonly runs: number;
  readonly filesTotal: number;
  readonly bytesTotal: number;
  readonly capacityBytes: number;
  /** The last time that files were read back and compared with their checksums. */
  readonly readBackAt: string | null;
  /** The last restore. */
  readonly restoredAt: string | null;
  /** The last drill without a fault. */
  readonly drilledAt: string | null;
  readonly smart: 'passed' | 'warning' | 'failing' | null;
  /** Its problems, in words. */
  readonly remarks: readonly string[];
  /** The reason of its held run; null if none waits for an answer. */
  readonly held: string | null;
}

/** The approval of a held run. */
export interface ReportedApproval {
  readonly drive: string;
  readonly runId: string;
  readonly at: string;
  readonly by: string;
  readonly reason: string;
}

/** The content of a report, and of `extbackup report --json`. No file name, no secret. Times are ISO 8601, UTC. */
export interface ReportFacts {
  readonly version: 1;
  readonly station: string;
  readonly madeAt: string;
  /** Start of the reported time. */
  readonly since: string;
  readonly agent: Status['agent'];
  readonly key: Status['key'];
  readonly rotation: Status['rotation'];
  readonly drill: Status['drill'];
  readonly disks: readonly ReportedDisk[];
  /** Runs since then, the oldest first. */
  readonly runs: readonly RunRecord[];
  readonly approvals: readonly ReportedApproval[];
  /** Warnings of the station, and of channels that cannot be reached. */
  readonly warnings: readonly string[];
}

/** The records behind a report. */
export interface ReportInput {
  readonly station: string;
  readonly now: Date;
  readonly since: Date;
  readonly status: Status;
  readonly records: readonly DriveRecord[];
  readonly runs: readonly RunRecord[];
  /** The language of remarks and warnings. */
  readonly words: Speaker;
}

/** Puts the facts of a report together. */
export function reportFacts({ station, now, since, status, records, runs, words }: ReportInput): ReportFacts {
  const isCovered = (time: string): boolean => Date.parse(time) >= since.getTime();
  return {
    version: 1,
    station,
    madeAt: now.toISOString(),
    since: since.toISOString(),
    agent: status.agent,
    key: status.key,
    rotation: status.rotation,
    drill: status.drill,
    disks: records.map((record) => reportDisk(record, status, words)),
    runs: runs.filter(({ startedAt }) => isCovered(startedAt)),
    approvals: records.flatMap(({ label, approvals = [] }) =>
      approvals.flatMap(({ runId, at, by, reason }) =>
        isCovered(at) ? [{ drive: label, runId, at, by, reason }] : [],
      ),
    ),
    warnings: [
      ...status.warnings.map(({ text }) => words.say('details', { text })),
      ...status.channels.flatMap(({ name, error }) =>
        error === null ? [] : [words.say('judge.channel', { name, error })],
      ),
    ],
  };
}

function reportDisk(record: DriveRecord, { drives, rotation }: Status, words: Speaker): ReportedDisk {
  const shown = drives.find(({ label }) => label === record.label);
  const { label, state, enrolledAt, lastSuccess, runs, filesTotal, bytesTotal, capacityBytes, health, hold } = record;
  return {
    label,
    state,
    here: shown?.present ?? false,
    enrolledAt,
    lastSuccess,
    overdue: rotation.overdueDrives.includes(label),
    next: (rotation.sets?.map((set) => set.next) ?? [rotation.next]).includes(label),
    runs,
    filesTotal,
    bytesTotal,
    capacityBytes,
    readBackAt: health?.checkedAt ?? null,
    restoredAt: record.restoredAt ?? null,
    drilledAt: record.drilledAt ?? null,
    smart: health?.smart ?? null,
    remarks: [...remarksOf(health, words), ...fullSoon(record, words)],
    held: hold?.approved === null ? hold.reason : null,
  };
}
