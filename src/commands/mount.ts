import { userInfo } from 'node:os';
import { Command } from 'commander';
import ms from 'ms';
import { mountSetting } from '../config/mount-setting.ts';
import { setClosingTime } from '../opening/closing-time.ts';
import { withDeviceLock } from '../opening/device-lock.ts';
import { nudgeAboutDrives } from '../protocol/nudge.ts';
import { createDriveRegistry } from '../records/drive-registry.ts';
import { chooseRecord, volumeOfRecord } from '../opening/find-volume.ts';
import { openedByPersonRefusal, readOpenedByPerson } from '../opening/opened-by-person.ts';
import { openForPerson } from '../opening/open-for-person.ts';
import { listBlockDevices } from '../disk/block-devices.ts';
import { files } from '../system/paths.ts';
import type { CliContext } from '../terminal/cli-context.ts';
import { spanUpTo } from './parse-span.ts';

interface Options {
  readonly readWrite?: boolean;
  readonly for?: number;
}

/** Opens a disk for a person. */
export function mountCommand(context: CliContext): Command {
  return new Command('mount')
    .description('open a disk and mount it at /mnt/plaintext; no run starts until it is closed')
    .argument('[label]', 'the disk, if several are plugged in')
    .option('--read-only', 'the default')
    .option('--read-write', 'allow changes; the next run undoes changes in the mirror')
    .option(
      '--for <time>',
      'close it automatically after this time, for example 30m (default: the setting mount.closeAfter)',
      spanUpTo('520w'),
    )
    .addHelpText('after', '\nExample:\n  extbackup mount BACKUP_1\n  ls /mnt/plaintext/backups\n  extbackup umount')
    .action((label: string | undefined, options: Options) => mount(context, label, options));
}

async function mount(context: CliContext, label: string | undefined, options: Options): Promise<void> {
  const { paths, start } = context;
  const writable = options.readWrite === true;
  const openFor = options.for ?? (await mountSetting(() => context.loadConfig())).closeAfter;
  await withDeviceLock(paths, async () => {
    const opened = await readOpenedByPerson(paths);
    if (opened) throw openedByPersonRefusal(opened);
    const [records, disks] = await Promise.all([
      createDriveRegistry(files.drives(paths)).list(),
      listBlockDevices(start),
    ]);
    const record = chooseRecord(label, records, disks);
    const inside = await openForPerson(start, paths, volumeOfRecord(record, disks), record, {
      by: process.env['SUDO_USER'] ?? userInfo().username,
      writable,
      since: new Date().toISOString(),
      closesAt: new Date(Date.now() + openFor).toISOString(),
    });
    if (inside !== record.label)
      context.note(
        inside === undefined ? 'It has no LABEL file inside.' : 'Its LABEL file inside holds another label.',
      );
    const closes = await setClosingTime(start, Math.ceil(openFor / 1000));
    await nudgeAboutDrives(paths); // the agent reminds the person of it
    context.print(
      `Disk ${record.label} is open at ${paths.plaintext}, ${writable ? 'with write access' : 'read-only'}.`,
    );
    const closing = closes ? ` ; this happens automatically in ${ms(openFor, { long: true })}` : '';
    context.print(`No run starts until you close it: extbackup umount${closing}`);
    context.print('DO NOT UNPLUG it before that.');
  });
}
