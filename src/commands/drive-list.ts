import prettyBytes from 'pretty-bytes';
import { Command } from 'commander';
import { rotationSetting } from '../config/rotation-setting.ts';
import { remarksOf } from '../records/disk-health.ts';
import type { DriveRecord } from '../records/drive-record.ts';
import { createDriveRegistry } from '../records/drive-registry.ts';
import { withUnrecorded } from '../records/unrecorded-runs.ts';
import { describeAgo } from '../text/wording.ts';
import { planRotation, type RotationPlace } from '../records/rotation.ts';
import { trimEnds } from '../text/table.ts';
import { plainTable } from '../text/table.ts';
import { listBlockDevices, withDescendants } from '../disk/block-devices.ts';
import { files } from '../system/paths.ts';
import { requireRoot } from '../system/require-root.ts';
import type { CliContext } from '../terminal/cli-context.ts';
import type { JsonOutput } from './json-output.ts';
import { localDay } from '../text/local-time.ts';

/** One row: the record of a disk, and whether it is plugged in now. */
export interface ListedDrive extends DriveRecord, RotationPlace {
  readonly present: boolean;
}

/** Lists the enrolled disks. */
export function driveListCommand(context: CliContext): Command {
  return new Command('list')
    .description('list the enrolled disks')
    .option('--json', 'one JSON array')
    .addHelpText('after', '\nExample:\n  extbackup drive list')
    .action(async (options: { json?: boolean }) => {
      requireRoot('work on disks');
      const drives = await lookUp(context);
      context.print(
        options.json === true
          ? JSON.stringify(drives satisfies JsonOutput<'drive list'>, null, 2)
          : renderDriveList(drives, new Date()),
      );
    });
}

async function lookUp(context: CliContext): Promise<ListedDrive[]> {
  const [records, disks, setting] = await Promise.all([
    withUnrecorded(createDriveRegistry(files.drives(context.paths)), files.unrecordedRuns(context.paths)).list(),
    listBlockDevices(context.start),
    rotationSetting(() => context.loadConfig()),
  ]);
  const here = new Set(disks.flatMap((disk) => [...withDescendants(disk)].map(({ uuid }) => uuid)));
  const present = new Set(records.filter(({ luksUuid }) => here.has(luksUuid)).map(({ label }) => label));
  const places = planRotation(records, setting, new Date(), present);
  return records.map((record) => ({
    ...record,
    present: here.has(record.luksUuid),
    ...(places.get(record.label) ?? { overdue: false, nextUp: false }),
  }));
}

/** The disks as a table. */
export function renderDriveList(drives: readonly ListedDrive[], now: Date): string {
  if (drives.length === 0) return 'No disk is enrolled yet. Prepare one: extbackup drive prepare --help';
  const table = plainTable([
    'Disk',
    'Here',
    'Since',
    'Last backup',
    'Last run',
    'Runs',
    'Holds',
    'Size',
    'State',
    'Health',
  ]);
  for (const drive of drives) {
    table.push([
      drive.label,
      drive.present ? 'yes' : 'no',
      localDay(drive.enrolledAt),
      describeAgo(drive.lastSuccess, now),
      describeAgo(drive.lastRun, now),
      String(drive.runs),
      drive.bytesTotal === 0 ? '-' : prettyBytes(drive.bytesTotal),
      drive.capacityBytes === 0 ? '-' : prettyBytes(drive.capacityBytes),
      describeState(drive),
      describeHealth(drive, now),
    ]);
  }
  return trimEnds(table.toString());
}

function describeState({ state, overdue, nextUp, present, lastError }: ListedDrive): string {
  if (state === 'retired') return 'retired';
  if (state === 'lost') return 'LOST';
  const remarks = [
    lastError === null ? '' : `last run failed (${lastError})`,
    overdue ? 'overdue' : '',
    nextUp && !present ? 'bring it next' : '',
  ];
  const text = remarks.filter((remark) => remark !== '').join(', ');
  return text === '' ? 'in rotation' : text;
}

/** Problems of the disk; without any, its good signs. */
function describeHealth({ health }: ListedDrive, now: Date): string {
  const wrong = remarksOf(health);
  if (wrong.length > 0) return wrong.join(', ');
  const good = [
    health?.smart === 'passed' ? 'SMART: passed' : '',
    health?.checkedAt == null ? '' : `read back ${describeAgo(health.checkedAt, now)}`,
  ].filter((text) => text !== '');
  return good.length > 0 ? good.join(', ') : '-';
}
