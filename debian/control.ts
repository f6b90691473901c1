/** Who and what the package is; see deb-control(5). */

export const packageName = 'extbackup';
export const architecture = 'amd64';
export const maintainer = 'extbackup developers <extbackup@example.org>';

/**
 * What the program starts by its absolute path, and what the libraries need. Essential packages (coreutils,
 * util-linux) are not named, as Debian policy 3.5 asks.
 */
export const depends: readonly string[] = [
  'acl',
  'attr',
  'nodejs (>= 20.19)',
  'libc6 (>= 2.34)', // the usb library's binary
  'libgcc-s1',
  'cryptsetup-bin',
  'dmsetup',
  'e2fsprogs',
  'fdisk | parted', // sfdisk, or the other one where a small system has only that
  'mount',
  'openssh-client',
  'openssl',
  'rsync',
  'systemd',
  'udev',
];

/** What only some stations need: for the file system and the health of their disks, and for who is told. */
export const suggests: readonly string[] = ['apprise', 'bash-completion', 'btrfs-progs', 'smartmontools', 'xfsprogs'];

/**
 * The control file.
 * @param installedKiB size of the files, in KiB
 */
export function controlFile(version: string, installedKiB: number): string {
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
 Plug a rotation disk in, wait for "safe to unplug", take it out. An agent
 recognises the disk, opens LUKS with a key that lives only in memory, pulls
 from the backup server with rsync over ssh, stamps the disk, closes it and
 proves that it is closed.
 .
 The server allows reading one directory and nothing else. The disk is open
 only during a run, in a mount namespace of the agent.
`;
}
