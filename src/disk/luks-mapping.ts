/** The kernel's own view of an open mapping, independent of the header. */
import { stat } from 'node:fs/promises';
import type { StartProgram } from '../system/command.ts';
import type { LuksHeader } from './luks-header.ts';
import { refused } from './luks-trust.ts';

/** The one line of a crypt target; see dm-crypt in the kernel's documentation of the device mapper. */
export interface CryptTable {
  readonly cipher: string;
  /** Device below, as major:minor. */
  readonly device: string;
  /** First byte of the data on it. */
  readonly dataOffset: number;
  readonly sectorSize: number;
}

/** Parses `dmsetup table NAME`; undefined for anything but one crypt target from sector 0. */
export function parseCryptTable(text: string): CryptTable | undefined {
  const lines = text.trim().split('\n');
  const [from, , target, cipher, , ivOffset, device, offset, ...options] = (lines[0] ?? '').split(' ');
  if (lines.length !== 1 || from !== '0' || target !== 'crypt' || ivOffset !== '0') return undefined;
  if (cipher === undefined || device === undefined || offset === undefined || !/^\d{1,15}$/.test(offset))
    return undefined;
  if (options.some((option) => option.startsWith('integrity:'))) return undefined;
  const sectorSize = options.find((option) => option.startsWith('sector_size:'))?.slice('sector_size:'.length) ?? '512';
  return { cipher, device, dataOffset: Number(offset) * 512, sectorSize: Number(sectorSize) };
}

/**
 * Compares an open mapping with the header that was accepted.
 * @throws DriveError with code EXB_LUKS_HEADER when the kernel decrypts something else: the header was changed in between
 */
export async function assertMapped(
  start: StartProgram,
  volume: { readonly name: string; readonly device: string; readonly called: string },
  header: LuksHeader,
): Promise<void> {
  const { stdout } = await start({ file: '/usr/sbin/dmsetup', args: ['table', volume.name], timeoutMs: 60_000 });
  const table = parseCryptTable(stdout);
  const { rdev } = await stat(volume.device);
  const isSame =
    table?.cipher === header.cipher &&
    table.dataOffset === header.dataOffset &&
    table.sectorSize === header.sectorSize &&
    table.device === `${major(rdev)}:${minor(rdev)}`;
  if (isSame) return;
  throw refused(
    volume.called,
    'the kernel decrypts something else than it described, so it was changed in between',
    'It was closed again. Plug the disk in again; if it happens again, do not trust the disk: prepare another one.',
  );
}

/** Numbers of a device; see makedev(3). */
const major = (device: number): number =>
  Number(((BigInt(device) >> 8n) & 0xfffn) | ((BigInt(device) >> 32n) & ~0xfffn));
const minor = (device: number): number => Number((BigInt(device) & 0xffn) | ((BigInt(device) >> 12n) & ~0xffn));
