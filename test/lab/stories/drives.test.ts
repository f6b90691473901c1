import { basename } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { prepareDisk } from '../station.ts';
import { addSettings, installProgram, waitForState, waitUntilGone } from './operator.ts';
import type { UsbDisk } from '../usb-disk.ts';
import { useDriveCommands } from './drive-commands.ts';

/** Commands for disks other than runs, on a real kernel and from the installed package. */
const { lab, extbackup, nothingIsOpen } = useDriveCommands();

/** One half of a RAID 1 on the first partition, made with the kernel's own files; see "md" in the kernel's administration guide. */
const makeRaid = (
  device: string,
): string => `modprobe raid1; echo md_x > /sys/module/md_mod/parameters/new_array; cd /sys/block/md_x/md
  echo none > metadata_version; echo raid1 > level; echo 2 > raid_disks; cat /sys/class/block/${basename(device)}1/dev > new_dev
  echo 0 > dev-${basename(device)}1/slot; echo 10000 > component_size; echo active > array_state`;

describe('drive prepare', () => {
  it('refuses the disk of the system, names that are no disk, and a disk in use, also with --yes', async () => {
    const { guest } = lab;
    const disk = await lab.newDisk({ name: 'USED', sizeMb: 96 });
    await guest.plug(disk);
    const device = await guest.deviceOf(disk);
    await guest.shell(
      `printf 'label: gpt\nsize=20M\nsize=20M\n' | sfdisk -q ${device}; udevadm settle; mkswap -q ${device}1; swapon ${device}1`,
    );
    const refusals = [
      { name: '/dev/vda', words: 'holds /' },
      { name: '/dev/nothing', words: 'There is no disk /dev/nothing' },
      { name: `${device}2`, words: `name: ${device}` },
      { name: device, words: 'swap space in use' },
      {
        name: device,
        words: 'holds /boot',
        before: `swapoff ${device}1; mkfs.ext4 -q -F ${device}2; mount ${device}2 /boot`,
      },
      // The base of LVM.
      {
        name: device,
        words: 'in use by /dev/mapper/volume',
        before: `umount /boot; dmsetup create volume --table "0 2048 linear ${device}1 0"`,
      },
      { name: device, words: 'in use by /dev/md_x', before: `dmsetup remove volume; ${makeRaid(device)}` },
    ];
    for (const { name, words, before } of refusals) {
      if (before !== undefined) await guest.shell(`${before}; udevadm settle`);
      const { exitCode, stderr } = await extbackup('drive', 'prepare', name, '--label', 'BACKUP_1', '--yes');
      expect(stderr + String(exitCode)).toContain(words);
      expect(exitCode).toBe(10);
    }
    // No list of mounts shows it; only the kernel knows.
    await guest.shell(
      `echo clear > /sys/block/md_x/md/array_state; udevadm settle; mkdir -p /mnt/used
      unshare --mount --propagation private sh -c 'mount ${device}2 /mnt/used; touch /run/mounted; sleep 600' >/dev/null 2>&1 &
      while ! test -e /run/mounted; do sleep 0.1; done`,
    );
    expect(await extbackup('drive', 'prepare', device, '--label', 'BACKUP_1', '--yes')).toMatchObject({
      exitCode: 10,
      stderr: expect.stringContaining('in use by the kernel') as string,
    });
  });

  it('leaves nothing open when the disk is pulled out meanwhile', async () => {
    const { guest } = lab;
    const disk = await lab.newDisk({ name: 'GOES', sizeMb: 600 });
    await guest.plug(disk);
    const device = await guest.deviceOf(disk);
    const preparing = extbackup('drive', 'prepare', device, '--label', 'BACKUP_1', '--yes');
    await guest.waitFor('the new file system', 'test -e /dev/mapper/extbackup-BACKUP_1', 120_000);
    await guest.yank(disk);
    const { exitCode, stderr } = await preparing;
    expect(stderr).toMatch(/went away|could not be prepared/);
    expect([10, 13]).toContain(exitCode);
    await nothingIsOpen();
    expect(await guest.ask('extbackup drive list')).toContain('No disk is enrolled');
  });
});

describe('drive adopt', () => {
  it('takes a LUKS1 disk made by hand, without a partition, as it is, and backs up to it', async () => {
    const { guest } = lab;
    const disk = await lab.newDisk({ name: 'OLD', sizeMb: 96 });
    await guest.plug(disk);
    const device = await guest.deviceOf(disk);
    await guest.shell(`
      cryptsetup luksFormat --type luks1 --pbkdf-force-iterations 1000 --batch-mode --key-file /mnt/ramfs/luks_pw ${device}
      cryptsetup open --key-file /mnt/ramfs/luks_pw ${device} byhand
      mkfs.ext4 -q /dev/mapper/byhand && mount /dev/mapper/byhand /mnt
      echo BACKUP_9 > /mnt/LABEL && touch -d 2026-01-02T03:04:05Z /mnt/LABEL && mkdir -p /mnt/backup/docs && echo kept > /mnt/backup/docs/a
      umount /mnt && cryptsetup close byhand && udevadm settle`);
    const { stdout } = await guest.run(['extbackup', 'drive', 'adopt', device, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      label: 'BACKUP_9',
      lastSuccess: '2026-01-02T03:04:05.000Z',
      state: 'active',
    });
    await nothingIsOpen();
    expect(await extbackup('run', '--drive', 'BACKUP_9')).toMatchObject({ exitCode: 0 });
    expect(await guest.ask('extbackup restore BACKUP_9 docs/a --to /dev/shm >/dev/null && cat /dev/shm/a')).toBe('one');
  });
});

describe('a disk with a backup', () => {
  let original: UsbDisk;

  beforeAll(async () => {
    const { guest } = lab;
    original = await lab.newDisk({ name: 'WD1', sizeMb: 96 });
    await prepareDisk(guest, original, 'BACKUP_1');
    await guest.unplug(original);
    await waitUntilGone(lab);
    await guest.snapshot('with a disk in the drawer');
  });

  it('can be looked into, but not during a run; meanwhile no run starts, and it says who to ask', async () => {
    const { guest } = lab;
    await guest.restore('with a disk in the drawer');
    const waits = '/usr/local/bin/wait-here';
    await installProgram(lab, waits, '#!/bin/sh\nwhile ! test -e /run/go; do sleep 0.1; done\n');
    await addSettings(lab, `hooks: [{when: before-sync, command: ${waits}}]`);
    await guest.plug(await original.clone('LOOK'));
    await waitForState(lab, 'BACKUP_1', ['running']);
    expect(await extbackup('mount')).toMatchObject({
      exitCode: 11,
      stderr: expect.stringContaining('A run or another command is using a disk') as string,
    });
    await guest.shell('touch /run/go');
    await waitForState(lab, 'BACKUP_1', ['safe-to-unplug']);

    expect((await guest.run(['mount-extbackup'])).stdout).toContain('read-only');
    expect(await guest.ask('cat /mnt/plaintext/backups/docs/a')).toBe('one');
    expect(await guest.isTrue('touch /mnt/plaintext/x')).toBe(false);
    const run = await extbackup('run', '--drive', 'BACKUP_1');
    expect(run.exitCode).toBe(11);
    expect(run.stderr).toContain('root has disk BACKUP_1 open');
    await guest.shell('sleep 600 </mnt/plaintext/LABEL >/dev/null 2>&1 & echo $! > /run/holder');
    expect(await extbackup('umount')).toMatchObject({
      exitCode: 20,
      stderr: expect.stringContaining('sleep (') as string,
    });
    await guest.shell('kill "$(cat /run/holder)"');
    expect((await guest.run(['umount-extbackup'])).stdout).toContain('Safe to unplug');
    await nothingIsOpen();

    await guest.shell(
      'extbackup verify & while ! grep -q /run/extbackup/inside/ /proc/mounts; do sleep 0.05; done; kill -KILL $!; wait $! || true',
    );
    expect(await extbackup('release')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/Closed what a command left open: extbackup-BACKUP_1.[^]*Safe to unplug/) as string,
    });
    expect(await guest.isTrue('test -e /run/extbackup/inside')).toBe(false);
    await nothingIsOpen();
  });

  it('that was pulled out while a person had it open is not called safe to unplug', async () => {
    const { guest } = lab;
    await guest.restore('with a disk in the drawer');
    const disk = await original.clone('PULLED');
    await guest.plug(disk);
    await waitForState(lab, 'BACKUP_1', ['safe-to-unplug']);
    const device = await guest.deviceOf(disk);
    await extbackup('mount', '--read-write');
    await guest.unplug(disk);
    await guest.waitFor('the disk to be gone', `test ! -e ${device}`);
    const { exitCode, stdout, stderr } = await extbackup('umount');
    expect([exitCode, stdout]).toEqual([13, '']);
    expect(stderr).toMatch(/^Disk BACKUP_1 was unplugged while it was open.*may be lost\.\nPlug it in again/);
    await nothingIsOpen();
  });
});
