/** The fields of the package; see deb-control(5). */
import type { Architecture } from './architecture.ts';

export const packageName = 'extbackup';
export const maintainer = 'extbackup developers <extbackup@example.org>';

/**
 * Packages with programs that extbackup starts, and with libraries that it needs. Essential packages (coreutils,
 * util-linux) are left out; see Debian policy 3.5.
 */
export const depends: readonly string[] = [
  'acl',
  'attr',
  'bubblewrap',
  'nodejs (>= 20.19)',
  'libc6 (>= 2.34)', // the usb library's binary
  'libgcc-s1',
  'cryptsetup-bin',
  'dmsetup',
  'e2fsprogs',
  'fdisk | parted', // sfdisk; or parted, on a small system without fdisk
  'mount',
  'openssh-client',
  'openssl',
  'rsync',
  'systemd',
  'udev',
];

/** Packages for some stations only: other file systems, SMART, the apprise channel, completion. */
export const suggests: readonly string[] = [
  'alsa-utils',
  'apprise',
  'bash-completion',
  'btrfs-progs',
  'smartmontools',
  'xfsprogs',
];

/**
 * The control file.
 * @param installedKiB size of the files, in KiB
 */
export function controlFile(version: string, architecture: Architecture, installedKiB: number): string {
  return `Package: ${packageName}
Version: ${version}
Architecture: ${architecture}
Maintainer: ${maintainer}
Installed-Size: ${installedKiB}
Depends: ${depends.join(', ')}
Suggests: ${suggests.join(', ')}
Section: admin
Priority: optional
Description: offline backups to rotating encrypted USB disks
 Plug in a rotation disk, wait for "safe to unplug", take it out. An agent
 recognises the disk, opens LUKS with a key that is stored only in memory,
 pulls from the backup server with rsync over ssh, sets the time stamp, closes
 the disk and checks that it is closed.
 .
 The server lets the station read one directory and nothing else. The disk is
 open only during a run, in the mount namespace of the agent.
`;
}
