import { driveRecordSchema, type DriveRecord } from '../../src/records/drive-record.ts';
import type { RunRecord } from '../../src/records/run-record.ts';
import { reportFacts, type ReportFacts } from '../../src/report/facts.ts';
import type { Speaker } from '../../src/words/speaker.ts';
import { aDrive, aRun, aStatus } from '../fakes/a-status.ts';

/** The moment of all pages. */
export const now = new Date('2026-11-27T12:00:00Z');
const day = 86_400_000;
const since = new Date(now.getTime() - 91 * day);

const record = (label: string, lastSuccess: string, rest: object = {}): DriveRecord =>
  driveRecordSchema.parse({
    label,
    luksUuid: `uuid-${label}`,
    sealedId: '11111111-1111-4111-8111-111111111111',
    generation: 12,
    enrolledAt: '2026-01-05T09:00:00.000Z',
    lastSuccess,
    runs: 40,
    filesTotal: 812_345,
    bytesTotal: 1_204_000_000_000,
    capacityBytes: 4_000_000_000_000,
    health: { smart: 'passed', checkedAt: lastSuccess },
    ...rest,
  });

const outcomes: readonly Partial<RunRecord>[] = [
  ...Array.from({ length: 9 }, () => ({})),
  { outcome: 'gaps', exitCode: 3, message: 'Some files could not be read on the server.' },
  { outcome: 'failure', exitCode: 13, code: 'EXB_UNREACHABLE', message: 'The server cannot be reached.' },
];

/** Three disks, each brought every third week, and one run that was held. */
function runsOf(label: string, first: number): RunRecord[] {
  return Array.from({ length: 5 }, (_, index) => {
    const startedAt = new Date(since.getTime() + (first + index * 21) * day).toISOString();
    const number = first + index;
    return aRun({
      ...{ id: `${label}-${index}`, drive: label, startedAt, endedAt: startedAt },
      ...{
        tookMs: 900_000 + ((number * 7919) % 11) * 260_000,
        bytesTransferred: 2e9 + ((number * 104_729) % 13) * 3e9,
      },
      ...{ filesTransferred: 1200 + number * 31, filesDeleted: number * 3 },
      ...outcomes[(number * 3) % outcomes.length],
    });
  });
}

/** The facts of a station with three disks and three months of runs. */
export function stationFacts(words: Speaker): ReportFacts {
  const held = aRun({
    ...{ id: 'held', drive: 'BACKUP_2', startedAt: '2026-10-20T08:00:00.000Z', endedAt: '2026-10-20T08:20:00.000Z' },
    ...{ outcome: 'held', exitCode: 14, code: 'EXB_HELD', message: 'held: 34 % of files deleted (276197).' },
  });
  const approvals = [
    { runId: 'held', at: '2026-10-20T10:00:00.000Z', by: 'anna', reason: 'The old projects went to the archive.' },
  ];
  return reportFacts({
    station: 'attic',
    now,
    since,
    words,
    status: aStatus({
      drives: ['BACKUP_1', 'BACKUP_2', 'BACKUP_3'].map((label) => aDrive(label, { present: label === 'BACKUP_1' })),
      rotation: {
        offlineCopy: { drive: 'BACKUP_3', at: '2026-11-20T08:30:00.000Z', ageSeconds: 617_400 },
        ...{ overdue: false, next: 'BACKUP_2', overdueDrives: [] },
      },
    }),
    records: [
      record('BACKUP_1', '2026-11-27T08:30:00.000Z', { drilledAt: '2026-11-02T09:00:00.000Z' }),
      record('BACKUP_2', '2026-11-13T08:30:00.000Z', { approvals, restoredAt: '2026-09-14T09:00:00.000Z' }),
      record('BACKUP_3', '2026-11-20T08:30:00.000Z'),
    ],
    runs: [...runsOf('BACKUP_1', 6), ...runsOf('BACKUP_2', 13), ...runsOf('BACKUP_3', 20), held].toSorted((a, b) =>
      a.startedAt.localeCompare(b.startedAt),
    ),
  });
}
