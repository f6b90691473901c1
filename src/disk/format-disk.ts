import { totalmem } from 'node:os';
import { listBlockDevices, withDescendants, type BlockDevice } from './block-devices.ts';
import { CommandError, type StartProgram } from '../system/command.ts';
import { isThere } from '../system/is-there.ts';
import { backOff } from './mounts.ts';
import type { FilesystemType } from './filesystem.ts';
import { readMke2fs } from './percent.ts';

/** GPT partition type "Linux LUKS"; see the Discoverable Partitions Specification. */
export const luksPartitionType = 'CA7D7CCB-63ED-4C53-861C-1742536059CC';

/** Removes every signature from the partitions and the disk, the innermost first. @throws CommandError */
export async function wipeSignatures(start: StartProgram, disk: BlockDevice, signal?: AbortSignal): Promise<void> {
  const devices = [...withDescendants(disk)].map(({ path }) => path).reverse();
  for (const device of devices) {
    await start({
      file: '/usr/sbin/wipefs',
      args: ['--all', '--quiet', '--lock=yes', device],
      timeoutMs: 120_000,
      ...(signal && { signal }),
    });
  }
}

/** Programs that can write the partition table; the first installed one is used, as a small system may lack one. */
export const partitioners = ['/usr/sbin/sfdisk', '/usr/sbin/parted'] as const;

/** The program that {@link partition} will start; undefined when none is installed. */
export async function findPartitioner(): Promise<(typeof partitioners)[number] | undefined> {
  for (const program of partitioners) if (await isThere(program)) return program;
  return undefined;
}

/**
 * Writes a GPT with one aligned partition over the whole disk, for LUKS, named like the disk.
 * @param device a disk, or an image file
 * @throws CommandError
 */
export async function partition(
  start: StartProgram,
  device: string,
  label: string,
  signal?: AbortSignal,
  program?: (typeof partitioners)[number],
): Promise<void> {
  const common = { timeoutMs: 120_000, ...(signal && { signal }) };
  if ((program ?? (await findPartitioner())) === '/usr/sbin/parted') {
    // It cannot set the type before version 3.6; nothing here depends on the type.
    await start({
      file: '/usr/sbin/parted',
      args: ['--script', '--align', 'optimal', device, 'mklabel', 'gpt', 'mkpart', label, '1MiB', '100%'],
      ...common,
    });
    return;
  }
  await start({
    file: '/usr/sbin/sfdisk',
    args: ['--quiet', '--lock=yes', '--wipe', 'always', '--wipe-partitions', 'always', '--label', 'gpt', device],
    stdin: `type=${luksPartitionType}, name="${label}"\n`,
    ...common,
  });
}

/**
 * Waits until the kernel and udev show the new partition.
 * @throws Error when it does not appear
 */
export async function awaitPartition(start: StartProgram, disk: string, patienceMs = 30_000): Promise<BlockDevice> {
  const until = performance.now() + patienceMs;
  for (;;) {
    await settle(start);
    const found = (await listBlockDevices(start)).find(({ path }) => path === disk);
    const first = found?.children.find(({ type }) => type === 'part');
    if (first) return first;
    if (performance.now() > until) throw new Error(`${disk} shows no partition`);
    await reread(start, disk);
    await backOff(200);
  }
}

/** Waits until udev is idle, with a limit: another device may keep it busy. */
export async function settle(start: StartProgram): Promise<void> {
  await start({ file: '/usr/bin/udevadm', args: ['settle', '--timeout=15'], timeoutMs: 20_000, accept: [1] });
}

async function reread(start: StartProgram, disk: string): Promise<void> {
  try {
    await start({ file: '/usr/sbin/blockdev', args: ['--rereadpt', disk], timeoutMs: 30_000 });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error; // busy: the kernel has the table already
  }
}

/** The options of luksFormat. */
export interface LuksOrder {
  readonly device: string;
  readonly label: string;
  readonly uuid: string;
  readonly keyFile: string;
  readonly pbkdfMemoryKiB: number;
}

/** Arguments of luksFormat; see cryptsetup-luksFormat(8). */
function luksFormatArgs(order: LuksOrder): string[] {
  return [
    'luksFormat',
    '--type',
    'luks2',
    '--cipher',
    'aes-xts-plain64',
    '--key-size',
    '512',
    '--hash',
    'sha256',
    '--pbkdf',
    'argon2id',
    '--pbkdf-memory',
    String(order.pbkdfMemoryKiB),
    '--iter-time',
    '2000',
    '--label',
    order.label,
    '--uuid',
    order.uuid,
    '--key-file',
    order.keyFile,
    '--batch-mode',
    order.device,
  ];
}

/** Makes a LUKS2 volume. @throws CommandError */
export async function formatLuks(start: StartProgram, order: LuksOrder, signal?: AbortSignal): Promise<void> {
  await start({
    file: '/usr/sbin/cryptsetup',
    args: luksFormatArgs(order),
    timeoutMs: 300_000,
    ...(signal && { signal }),
  });
}

/** Memory that opening the disk will take: at most 1 GiB and a quarter of this machine's, so that it can always open it itself. */
export const affordableMemoryKiB = (totalBytes = totalmem()): number =>
  Math.min(1024 * 1024, Math.floor(totalBytes / 4 / 1024));

const [kibibyte, tebibyte] = [1024, 1024 ** 4];

/** Bytes per inode in Debian's mke2fs.conf(5) for a disk of this size. */
function usualBytesPerInode(bytes: number): number {
  if (bytes > 16 * tebibyte) return 64 * kibibyte;
  if (bytes > 4 * tebibyte) return 32 * kibibyte;
  return bytes < tebibyte / 2048 ? 4 * kibibyte : 16 * kibibyte; // 512 MiB
}

/**
 * Bytes per inode, if mke2fs would make too few inodes: three for each file that the fullest disk holds now, for growth
 * and history. The number is fixed for the life of an ext4, and a disk without free inodes accepts no file, even if it
 * has room. Any kernel and e2fsprogs read it. An inode takes 256 bytes, so never more than one in 4 KiB.
 * @param files undefined when the source is unknown
 * @returns undefined when the usual number is enough
 */
export function bytesPerInode(bytes: number, files = 0): number | undefined {
  const wanted = bytes / Math.max(1, files * 3);
  if (wanted >= usualBytesPerInode(bytes)) return undefined;
  return Math.max(4 * kibibyte, Math.floor(wanted / kibibyte) * kibibyte);
}

const makers: Record<FilesystemType, (label: string) => { file: `/${string}`; args: string[] }> = {
  // Without lazy init, all inode tables are written now, not in the background of the first run. With ea_inode, attributes
  // over 4 kB (Samba streams, macOS forks) fit; kernels since 4.13 and e2fsprogs since 1.44 read it (Debian 10).
  ext4: (label) => ({
    file: '/usr/sbin/mkfs.ext4',
    args: ['-F', '-O', 'ea_inode', '-E', 'lazy_itable_init=0,lazy_journal_init=0', '-m', '0', '-L', label],
  }),
  xfs: (label) => ({ file: '/usr/sbin/mkfs.xfs', args: ['-q', '-f', '-L', label] }),
  btrfs: (label) => ({ file: '/usr/sbin/mkfs.btrfs', args: ['-q', '-f', '-L', label] }),
};

/** Program that makes the file system, so that a missing one is found before anything is erased. */
export const filesystemMaker = (type: FilesystemType): `/${string}` => makers[type]('X').file;

/**
 * Makes the file system on an opened volume or an image file, and reports the progress if it takes long.
 * @param inodeRatio see {@link bytesPerInode}; only for ext4: the others make inodes on demand
 * @throws CommandError
 */
export async function makeFilesystem(
  start: StartProgram,
  type: FilesystemType,
  label: string,
  device: string,
  signal?: AbortSignal,
  onPercent?: (percent: number) => void,
  inodeRatio?: number,
): Promise<void> {
  const { file, args } = makers[type](label);
  const read = readMke2fs();
  const onStdout = (chunk: string): void => {
    const percent = read(chunk);
    if (percent !== undefined) onPercent?.(percent);
  };
  const ratio = type === 'ext4' && inodeRatio !== undefined ? ['-i', String(inodeRatio)] : [];
  await start({
    file,
    args: [...args, ...ratio, device],
    timeoutMs: 12 * 3_600_000,
    onStdout,
    ...(signal && { signal }),
  });
}
