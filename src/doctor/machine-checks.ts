import { readFile } from 'node:fs/promises';
import { isThere } from '../system/is-there.ts';
import { readIfThere } from '../system/atomic-file.ts';
import { fail, ok, warn, type Check } from './check.ts';

/** Programs that every run needs, with their Debian packages. */
const tools: Readonly<Record<string, string>> = {
  '/usr/sbin/cryptsetup': 'cryptsetup-bin',
  '/usr/bin/rsync': 'rsync',
  '/usr/bin/bwrap': 'bubblewrap',
  '/usr/bin/ssh': 'openssh-client',
  '/usr/bin/ssh-keygen': 'openssh-client',
  '/usr/bin/openssl': 'openssl',
  '/usr/sbin/e2fsck': 'e2fsprogs',
  '/usr/sbin/mkfs.ext4': 'e2fsprogs',
  '/usr/sbin/blkid': 'util-linux',
  '/usr/bin/lsblk': 'util-linux',
  '/usr/bin/flock': 'util-linux',
  '/usr/bin/setpriv': 'util-linux',
  '/usr/bin/mount': 'mount',
  '/usr/bin/umount': 'mount',
  '/usr/sbin/sfdisk': 'fdisk',
  '/usr/bin/udevadm': 'udev',
};

const oldestNode = [20, 19] as const;

const rulePlaces = [
  '/etc/udev/rules.d/90-extbackup.rules',
  '/usr/lib/udev/rules.d/90-extbackup.rules',
  '/lib/udev/rules.d/90-extbackup.rules',
];

/** Whether the program can work on this machine at all. */
export const installationChecks: readonly Check[] = [
  {
    name: 'root',
    check: () =>
      Promise.resolve(
        process.getuid?.() === 0
          ? ok('Run by root.')
          : fail(
              'Not run by root: the settings, the keys, the disks and the agent are not checked.',
              'Run it as root: sudo extbackup doctor',
            ),
      ),
  },
  {
    name: 'node',
    check: () => {
      const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
      const fits = major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]);
      return Promise.resolve(
        fits
          ? ok(`Node ${process.versions.node}.`)
          : fail(
              `Node ${process.versions.node} is too old; ${oldestNode.join('.')} is needed.`,
              'Install a newer nodejs.',
            ),
      );
    },
  },
  {
    name: 'tools',
    check: async () => {
      const missing: [string, string][] = [];
      for (const [file, debianPackage] of Object.entries(tools))
        if (!(await isThere(file))) missing.push([file, debianPackage]);
      if (missing.length === 0) return ok('All required programs are installed.');
      const packages = [...new Set(missing.map(([, name]) => name))];
      return fail(
        `Programs are missing: ${missing.map(([file]) => file).join(', ')}.`,
        `Install them: apt-get install ${packages.join(' ')}`,
      );
    },
  },
  {
    name: 'udev-rule',
    check: async () => {
      for (const place of rulePlaces) if (await isThere(place)) return ok(`The udev rule is installed (${place}).`);
      return fail(
        'The udev rule is not installed, so a plugged disk is not noticed.',
        'Install the package again: apt-get install --reinstall extbackup',
      );
    },
  },
];

/** Ways for a secret to get from memory to a disk. */
export const hardeningChecks: readonly Check[] = [
  {
    name: 'swap',
    check: async () => {
      const open = await unencryptedSwap(await readFile('/proc/swaps', 'utf8'));
      if (open.length === 0) return ok('No unencrypted swap space.');
      return warn(
        `Swap space is not encrypted: ${open.join(', ')}. The keys in ramfs, the agent and, with systemd, ` +
          'the commands that build a key stay out of it; the terminal in which a password is typed does not.',
        'Turn it off (swapoff -a, and its line in /etc/fstab), encrypt it with a random key (crypttab(5), option swap), or use zram.',
      );
    },
  },
  {
    name: 'core-dumps',
    check: async () => {
      const pattern = (await readFile('/proc/sys/kernel/core_pattern', 'utf8')).trim();
      return pattern.startsWith('|')
        ? warn(
            'Core dumps are passed to a program, which may store the memory of a crashed program on the disk.',
            'Turn that off: Storage=none in /etc/systemd/coredump.conf, or sysctl kernel.core_pattern=core',
          )
        : ok('Core dumps are not passed to a program.');
    },
  },
  {
    name: 'tracing',
    check: async () => {
      const scope = (await readIfThere('/proc/sys/kernel/yama/ptrace_scope'))?.trim();
      return ok(
        'Only root can look into the memory of programs that hold a ' +
          `key${scope === '3' ? '; it can read the key in ramfs, but trace no program' : '; it can read the key in ramfs, too'}.`,
      );
    },
  },
  {
    name: 'kdump',
    check: async () =>
      (await readIfThere('/sys/kernel/kexec_crash_loaded'))?.trim() === '1'
        ? warn(
            'A crash kernel is loaded: after a crash it writes the whole memory, with the keys, to the disk.',
            'Remove kdump-tools, or disable crash dumps on this machine.',
          )
        : ok('No crash kernel is loaded.'),
  },
  {
    name: 'hibernation',
    check: async () => {
      const resume = (await readIfThere('/sys/power/resume'))?.trim() ?? '0:0';
      return resume === '0:0'
        ? ok('Hibernation is not set up.')
        : warn(
            'Hibernation is set up: it writes the whole memory, with the keys, to the disk.',
            'Turn it off: systemctl mask hibernate.target hybrid-sleep.target, and remove the resume device.',
          );
    },
  },
];

/** Swap areas of /proc/swaps that are neither in compressed memory nor on dm-crypt. */
async function unencryptedSwap(swaps: string): Promise<string[]> {
  const areas = swaps
    .split('\n')
    .slice(1)
    .flatMap((line) => line.split(/\s+/, 1))
    .filter((name) => name !== '');
  const open: string[] = [];
  for (const area of areas) {
    const kname = area.replace('/dev/', '');
    const mapping = await readIfThere(`/sys/class/block/${kname.replaceAll('/', '!')}/dm/uuid`).catch(() => undefined);
    if (!kname.startsWith('zram') && mapping?.startsWith('CRYPT-') !== true) open.push(area);
  }
  return open;
}
