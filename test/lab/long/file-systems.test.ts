import { beforeAll, expect, it } from 'vitest';
import { assertClosed } from '../stories/operator.ts';
import { useStation } from '../stories/use-station.ts';

/** A disk with each file system other than ext4 is prepared and gets a backup. */
const lab = useStation();
beforeAll(async () => {
  await lab.server.shell('mkdir -p /backups/docs && echo one > /backups/docs/a');
});

it.each([
  ['xfs', 'DISK_X'],
  ['btrfs', 'DISK_B'],
] as const)('%s', async (filesystem, label) => {
  const { guest } = lab;
  const disk = await lab.newDisk({ name: label, sizeMb: 400 });
  await guest.plug(disk);
  const device = await guest.deviceOf(disk);
  await guest.shell(
    `extbackup drive prepare ${device} --label ${label} --fs ${filesystem} --check=write --yes --header-backup - >/run/header 2>/run/words`,
    { timeoutMs: 300_000 },
  );
  expect(await guest.ask('cat /run/words')).toContain('No bad block was found');
  expect(await guest.ask('cryptsetup luksUUID /run/header')).toBe(await guest.ask(`cryptsetup luksUUID ${device}1`));
  expect(await guest.ask('extbackup drive list --json')).toContain(`"label": "${label}"`);
  await guest.run(['extbackup', 'run', '--drive', label], { timeoutMs: 300_000 });
  expect(
    await guest.ask(
      `extbackup mount ${label} >/dev/null; findmnt -no FSTYPE /mnt/plaintext; cat /mnt/plaintext/backups/docs/a; extbackup umount >/dev/null`,
    ),
  ).toBe(`${filesystem}\none`);
  await assertClosed(lab);
});
