import { realpath } from 'node:fs/promises';
import { Command } from 'commander';
import { adoptDrive } from '../drives/adopt-drive.ts';
import { cancellable } from '../drives/cancellable.ts';
import { nudgeAboutDrives, withDeviceLock } from '../drives/device-lock.ts';
import { createDriveRegistry } from '../drives/drive-registry.ts';
import { enrol, without } from '../drives/enrolment.ts';
import { volumeOfDevice } from '../drives/find-volume.ts';
import { listBlockDevices } from '../system/block-devices.ts';
import { files } from '../system/paths.ts';
import type { CliContext } from './cli-context.ts';

/** Enrols a disk that was made by hand, or enrols one again. */
export function driveAdoptCommand(context: CliContext): Command {
  return new Command('adopt')
    .description('enrol a LUKS disk as it is: made by hand, restored, or of another station with the same key')
    .argument('<device>', 'its LUKS partition, or the disk, for example /dev/sdb1')
    .option('--label <label>', 'what LABEL inside must say; names a disk that has no LABEL')
    .option('--json', 'print the enrolled disk as one JSON object')
    .addHelpText('after', '\nExample:\n  extbackup drive adopt /dev/sdb1\n\nOnly a seal (.extbackup/seal.json) is added to the disk, and LABEL where there is none.')
    .action((device: string, options: { label?: string; json?: boolean }) => adopt(context, device, options));
}

async function adopt(context: CliContext, typed: string, options: { label?: string; json?: boolean }): Promise<void> {
  const registry = createDriveRegistry(files.drives(context.paths));
  const record = await withDeviceLock(context.paths, () => cancellable('The disk is closed and was not enrolled; run the same command again.', async (signal) => {
    const found = volumeOfDevice(typed, await follow(typed), await listBlockDevices(context.runCommand));
    await registry.assertWritable();
    const { drives: enrolled } = await registry.read(); // nothing to be understood: this is the way back
    const known = enrolled.find(({ luksUuid }) => luksUuid === found.luksUuid);
    const taken = enrolled.filter((record) => record !== known).map(({ label }) => label);
    const adopted = await adoptDrive(context, { found, label: options.label, known, taken }, signal);
    const aside = await registry.update((drives) => enrol(without(drives, [adopted]), adopted), { anew: true });
    if (aside.length > 0) context.note(`The damaged list of enrolled disks was set aside: ${aside.join(', ')}. Enrol every disk that is missing from: extbackup drive list`);
    return adopted;
  }));
  await nudgeAboutDrives(context.paths);
  if (options.json === true) context.print(JSON.stringify(record));
  else context.print(`Disk ${record.label} is enrolled and closed. LUKS UUID: ${record.luksUuid}\nThe first run starts with the next plug, or now with: extbackup run --drive ${record.label}`);
}

async function follow(typed: string): Promise<string> {
  try {
    return await realpath(typed);
  } catch {
    return typed; // refused later, with better words
  }
}
