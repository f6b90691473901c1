import { listBlockDevices, type BlockDevice } from '../disk/block-devices.ts';
import { luksVolumesOn } from '../disk/volumes.ts';
import { UsageError } from '../errors.ts';
import { checkLabel, enrolledOn, possibleDisks } from '../prepare/candidate.ts';
import { describeDisk } from '../prepare/describe-disk.ts';
import type { DriveRecord } from '../records/drive-record.ts';
import { createDriveRegistry } from '../records/drive-registry.ts';
import { files } from '../system/paths.ts';
import { askKeeping, askLine } from '../terminal/ask-question.ts';
import type { CliContext } from '../terminal/cli-context.ts';
import { threeTries } from '../terminal/three-tries.ts';
import { prepareDisk } from './drive-prepare.ts';

/** The answer that leaves a step out. */
export const later = 'later';

/** Flags about the first disk. */
export interface DiskWishes {
  /** Device, or `later`; undefined asks. */
  readonly disk: string | undefined;
  /** undefined asks, or takes the next free one. */
  readonly label: string | undefined;
  /** Erase a used disk without a question. */
  readonly erase: boolean;
  /** Whether questions may be asked. */
  readonly ask: boolean;
  readonly isFollowedByRun: boolean;
}

/**
 * Prepares the first disk: the one that the flags name, or the one that a person chooses. Asks only while no disk is
 * enrolled.
 * @returns its label; undefined when there is none to prepare
 * @throws what `drive prepare` throws
 */
export async function prepareFirstDisk(context: CliContext, wishes: DiskWishes): Promise<string | undefined> {
  const enrolled = await createDriveRegistry(files.drives(context.paths)).list();
  const mayChoose = wishes.ask && enrolled.length === 0;
  if (wishes.disk === later || (wishes.disk === undefined && !mayChoose)) return undefined;
  const device = wishes.disk ?? (await chooseDevice(context, enrolled));
  if (device === undefined) return undefined;
  const label = wishes.label ?? (wishes.ask ? await askLabel(enrolled) : nextLabel(enrolled));
  await prepareDisk(
    context,
    device,
    { label, fs: 'ext4', yes: wishes.erase },
    { ask: wishes.ask, eraseOption: '--erase', isFollowedByRun: wishes.isFollowedByRun },
  );
  return label;
}

/** BACKUP_1, or the first number that no enrolled disk has. */
export function nextLabel(enrolled: readonly Pick<DriveRecord, 'label'>[]): string {
  const taken = new Set(enrolled.map(({ label }) => label));
  for (let number = 1; ; number += 1) if (!taken.has(`BACKUP_${number}`)) return `BACKUP_${number}`;
}

/** Looks again at each Enter, so that a disk can be plugged in meanwhile. */
async function chooseDevice(context: CliContext, enrolled: readonly DriveRecord[]): Promise<string | undefined> {
  for (;;) {
    const disks = possibleDisks(await listBlockDevices(context.start)).filter(
      (disk) => enrolledOn(disk, enrolled).length === 0,
    );
    for (const line of offer(disks)) context.note(line);
    const answer = await askLine(
      disks.length === 0
        ? 'Plug in the disk and press Enter, or type "later":'
        : 'Which disk becomes the first backup disk? Its number; Enter looks again; or type "later":',
    );
    if (answer === later) return undefined;
    const device = answer.startsWith('/dev/') ? answer : disks[Number(answer) - 1]?.path;
    if (device !== undefined) return device;
    if (answer !== '') context.note(`${answer} is not in the list.`);
  }
}

/**
 * The disks with their numbers, model, serial number, size and content. A station that is set up anew may have the
 * disks of the old one plugged in, perhaps with the last copy.
 */
export function offer(disks: readonly BlockDevice[]): string[] {
  if (disks.length === 0) return ['No USB disk is plugged in that could become a backup disk.'];
  return disks.flatMap((disk, index) => [
    ...describeDisk(disk).map((line, at) => (at === 0 ? `${String(index + 1).padStart(3)}  ${line}` : `     ${line}`)),
    ...luksVolumesOn(disk).map(
      ({ path }) =>
        `     It may hold a backup, which this would erase. To keep it, type "later", then: extbackup drive adopt ${path}`,
    ),
  ]);
}

const askLabel = (enrolled: readonly DriveRecord[]): Promise<string> =>
  threeTries(async () => {
    const label = await askKeeping('Label of the disk; write it on the case, too:', nextLabel(enrolled));
    checkLabel(label, 'ext4');
    if (!enrolled.some((record) => record.label === label)) return label;
    throw new UsageError(`Another disk has the label ${label}.`, 'Give each disk a label of its own.');
  });
