/** English: disks that wait, are open or are not used. */
export const disks = {
  'key.subject': '{drive} is waiting for the key',
  'key.text': `Disk {drive} is plugged in, but the key is not loaded, so nothing was backed up yet.
Log in on the station and run: extbackup unlock
Leave the disk plugged in: the backup then starts automatically.`,
  'device.subject': '{drive} is waiting: the disks are in use',
  'device.text':
    'Disk {drive} is plugged in, but its backup cannot begin yet. {reason}\nLeave it plugged in: the backup starts automatically.',
  'released.subject': '{drive} is closed now, safe to unplug',
  'released.text': 'Disk {drive} had been left open.',
  'open.subject': 'DO NOT UNPLUG {drive}',
  'open.text':
    'Disk {drive} is still open: {reason}.\nEnd the programs that use it, then run on the station: extbackup release',
  'torn.subject': '{drive} was taken out while it was open',
  'torn.text': `Disk {drive} was unplugged, but the station still has it open.
On the station run: extbackup release
Then plug the disk in again, so that its file system is checked.`,
  'ignored.not-enrolled': 'An unknown disk is plugged in',
  'ignored.duplicate-uuid': 'Two disks look the same: none is used',
  'ignored.no-block-device': 'A USB disk does not start',
  'ignored.not-authorized': 'A USB disk is blocked here',
  'ignored.of': '{drive}? {what}',
  'ignored.no-luks': 'A disk without a backup is plugged in',
  'request.subject': 'A request was not understood',
  'request.text':
    'A request was set aside: {reason}.\nIf a backup was expected now, start it on the station: extbackup run',
} as const;
