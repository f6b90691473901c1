import { readdir } from 'node:fs/promises';
import { readMappingName } from './block-devices.ts';
import { CommandError, type StartProgram } from '../system/command.ts';
import { factsOf, readLuksHeader, type LuksFacts, type LuksHeader } from './luks-header.ts';
import { assertMapped } from './luks-mapping.ts';
import { assertTrusted } from './luks-trust.ts';
import { backOff } from './mounts.ts';

const cryptsetup = '/usr/sbin/cryptsetup';

/** Prefix of every mapping of extbackup; no other mapping is ever closed. */
export const mappingPrefix = 'extbackup-';

/** Name of the mapping of a disk while it is open. */
export const mappingName = (label: string): string => `${mappingPrefix}${label}`;

/** The opened device of a mapping. */
export const mappingPath = (name: string): `/dev/mapper/${string}` => `/dev/mapper/${name}`;

/** The result of cryptsetup; see cryptsetup(8), RETURN CODES. */
export type LuksOutcome = 'opened' | 'wrong-key' | 'no-such-device' | 'busy' | 'no-memory' | 'failed';

const outcomes: Record<number, Exclude<LuksOutcome, 'opened'>> = {
  1: 'failed',
  2: 'wrong-key',
  3: 'no-memory',
  4: 'no-such-device',
  5: 'busy',
};

/** A LUKS volume, and the options for opening it. */
export interface LuksVolume {
  readonly device: string;
  /** Name of the mapping. */
  readonly name: string;
  /** The operator's name for the disk, for messages. */
  readonly called: string;
  readonly keyFile: string;
  readonly readOnly?: boolean;
  /** The facts of its header at enrolment; undefined if they were not recorded. */
  readonly enrolled?: LuksFacts | undefined;
}

/** The result of opening, and the header of an opened volume. */
export type LuksOpening =
  { readonly outcome: 'opened'; readonly luks: LuksFacts } | { readonly outcome: Exclude<LuksOutcome, 'opened'> };

/**
 * Opens a LUKS volume with a key file. The header is trusted only after a check, and the kernel's mapping is
 * compared with the header before the volume is used.
 * @param timeoutMs argon2 on a small machine takes seconds, and a disk may have to spin up
 * @throws DriveError with code EXB_LUKS_HEADER: nothing is open then
 */
export async function openLuks(
  start: StartProgram,
  volume: LuksVolume,
  signal?: AbortSignal,
  timeoutMs = 180_000,
): Promise<LuksOpening> {
  const header = await headerOf(start, volume.device, signal);
  if (header === 'gone') return { outcome: 'no-such-device' };
  assertTrusted(volume.called, header, volume.enrolled);
  const { exitCode } = await start({
    file: cryptsetup,
    args: [
      'open',
      ...['--type', 'luks', '--key-file', volume.keyFile, '--batch-mode', '--disable-external-tokens'],
      ...(volume.readOnly === true ? ['--readonly'] : []),
      volume.device,
      volume.name,
    ],
    timeoutMs,
    accept: [1, 2, 3, 4, 5],
    ...(signal && { signal }),
  });
  if (exitCode !== 0) return { outcome: outcomes[exitCode] ?? 'failed' };
  try {
    await assertMapped(start, volume, header);
  } catch (error) {
    await ensureLuksClosed(start, volume.name);
    throw error;
  }
  return { outcome: 'opened', luks: factsOf(header) };
}

/** A device that exists but cannot be read counts as an unreadable header. */
async function headerOf(
  start: StartProgram,
  device: string,
  signal?: AbortSignal,
): Promise<LuksHeader | 'gone' | undefined> {
  try {
    return await readLuksHeader(start, device, signal);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof CommandError || typeof code !== 'string') throw error;
    return ['ENOENT', 'ENXIO', 'ENODEV', 'ENOMEDIUM'].includes(code) ? 'gone' : undefined;
  }
}

/**
 * Makes sure that a mapping is closed. udev may still probe it right after the unmount, so a busy one is tried again.
 * @throws CommandError when it is still there after `patienceMs`
 */
export async function ensureLuksClosed(start: StartProgram, name: string, patienceMs = 30_000): Promise<void> {
  const until = performance.now() + patienceMs;
  while (await isOpen(name)) {
    try {
      await start({ file: cryptsetup, args: ['close', name], timeoutMs: 60_000 });
    } catch (error) {
      if (!(await isOpen(name))) return;
      if (!(error instanceof CommandError) || performance.now() > until) throw error;
      await backOff();
    }
  }
}

/** Names of all device-mapper mappings. From the kernel: the links in /dev/mapper are made by udev and may be late. */
export async function listMappings(): Promise<string[]> {
  const devices = (await readdir('/sys/class/block')).filter((kname) => kname.startsWith('dm-'));
  const names = await Promise.all(devices.map(readMappingName));
  return names.filter((name) => name !== undefined);
}

/** Whether a mapping of this name exists. */
export async function isOpen(name: string): Promise<boolean> {
  return (await listMappings()).includes(name);
}

/** UUID in the present LUKS header of the device; undefined when there is none. */
export async function readLuksUuid(
  start: StartProgram,
  device: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const { exitCode, stdout } = await start({
    file: cryptsetup,
    args: ['luksUUID', device],
    timeoutMs: 60_000,
    accept: [1, 4],
    ...(signal && { signal }),
  });
  return exitCode === 0 ? stdout.trim() : undefined;
}
