import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { depends, suggests } from '../../debian/control.ts';

const source = join(import.meta.dirname, '../../src');

/** Debian package of each program; those of essential packages need no Depends (Debian policy 3.5). */
const essential = [
  'blkid',
  'blockdev',
  'dd',
  'du',
  'env',
  'false',
  'find',
  'flock',
  'getent',
  'ionice',
  'lsblk',
  'nice',
  'prlimit',
  'rm',
  'setpriv',
  'sleep',
  'sync',
  'tar',
  'true',
  'unshare',
  'wipefs',
  'xargs',
];
const packages: Readonly<Record<string, string>> = {
  btrfs: 'btrfs-progs',
  'mkfs.btrfs': 'btrfs-progs',
  cryptsetup: 'cryptsetup-bin',
  dmsetup: 'dmsetup',
  dumpe2fs: 'e2fsprogs',
  e2fsck: 'e2fsprogs',
  'mkfs.ext4': 'e2fsprogs',
  mount: 'mount',
  umount: 'mount',
  openssl: 'openssl',
  rsync: 'rsync',
  ssh: 'openssh-client',
  'ssh-keygen': 'openssh-client',
  'ssh-keyscan': 'openssh-client',
  sfdisk: 'fdisk',
  parted: 'parted',
  systemctl: 'systemd',
  'systemd-ask-password': 'systemd',
  'systemd-inhibit': 'systemd',
  'systemd-notify': 'systemd',
  timedatectl: 'systemd',
  'systemd-run': 'systemd',
  udevadm: 'udev',
  'mkfs.xfs': 'xfsprogs',
  xfs_repair: 'xfsprogs',
  smartctl: 'smartmontools',
  aplay: 'alsa-utils',
  apprise: 'apprise',
  badblocks: 'e2fsprogs',
  busctl: 'systemd',
  bwrap: 'bubblewrap',
  getfacl: 'acl',
  setfacl: 'acl',
  getfattr: 'attr',
  setfattr: 'attr',
};

test('the package depends on, or suggests, whatever the program starts', async () => {
  const files = (await readdir(source, { recursive: true })).filter((file) => file.endsWith('.ts'));
  const texts = await Promise.all(files.map((file) => readFile(join(source, file), 'utf8')));
  const programs = new Set(
    texts.flatMap((text) => [...text.matchAll(/'\/usr\/s?bin\/([a-z0-9_.-]+)'/g)].map((match) => match[1] ?? '')),
  );
  programs.delete('extbackup');
  expect(programs).toContain('rsync');
  const named = [...depends, ...suggests]
    .flatMap((dependency) => dependency.split('|'))
    .map((alternative) => alternative.trim().split(' ')[0]);
  const unmet = [...programs].filter(
    (name) => !essential.includes(name) && !named.includes(packages[name] ?? `package of ${name}`),
  );
  expect(unmet).toEqual([]);
});
