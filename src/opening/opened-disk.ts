import { mkdir, readdir, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { openFailure } from '../disk/disk-errors.ts';
import type { TakeStep } from '../system/undo.ts';
import { NotReleasedError } from '../errors.ts';
import type { StartProgram } from '../system/command.ts';
import { ensureLuksClosed, isOpen, mappingName, mappingPath, openLuks } from '../disk/luks.ts';
import type { LuksFacts } from '../disk/luks-header.ts';
import { ensureUnmounted, mountAt, mountDevice, safeOptions } from '../disk/mounts.ts';
import { files, type Paths } from '../system/paths.ts';
import { forgetOpened, noteOpened, tellOfOpening } from './opened-note.ts';

/** A disk that a command of the CLI opens for itself. */
export interface Volume {
  /** Name of the disk for messages. */
  readonly label: string;
  /** Name of the mapping without its prefix, and of the directory; the label when left out. */
  readonly slot?: string;
  /** The LUKS volume, for example /dev/sdb1. */
  readonly device: string;
  readonly readOnly?: boolean;
  /** Its LUKS header at enrolment. */
  readonly enrolled?: LuksFacts | undefined;
}

/** Where the CLI mounts a disk for its own use: below a directory that only root can enter. */
const insideDirectory = (paths: Paths, slot: string): string => join(paths.run, 'inside', slot);

const slotOf = ({ label, slot }: Volume): string => slot ?? label;

/**
 * Opens a LUKS volume with the key in RAM until the surrounding {@link TakeStep} unwinds.
 * @returns path of the opened device, and the facts of its LUKS header
 * @throws ExtbackupError of {@link openFailure}
 */
export async function openVolume(
  step: TakeStep,
  start: StartProgram,
  paths: Paths,
  volume: Volume,
  signal: AbortSignal,
): Promise<{ readonly path: string; readonly luks: LuksFacts }> {
  const name = mappingName(slotOf(volume));
  const luks = await step({
    check: async () => {
      if (await isOpen(name)) throw openFailure(volume.label, 'busy');
    },
    apply: async () => {
      const { device, label: called, readOnly = false, enrolled } = volume;
      const keyFile = files.luksKey(paths);
      await noteOpened(paths, name); // first: an open disk always has words
      const opening = await openLuks(start, { device, name, called, keyFile, readOnly, enrolled }, signal).catch(
        async (error: unknown) => {
          await forgetOpened(paths, name);
          throw error;
        },
      );
      if (opening.outcome !== 'opened') {
        await forgetOpened(paths, name);
        throw openFailure(called, opening.outcome);
      }
      await tellOfOpening(paths);
      return opening.luks;
    },
    undo: async () => {
      await ensureLuksClosed(start, name);
      await forgetOpened(paths, name);
      await tellOfOpening(paths);
    },
    leftover: `LUKS is still open as ${name}`,
  });
  return { path: mappingPath(name), luks };
}

/**
 * Mounts an opened device at {@link insideDirectory} until the surrounding {@link TakeStep} unwinds.
 * @returns the directory
 */
export async function mountInside(
  step: TakeStep,
  start: StartProgram,
  paths: Paths,
  volume: Volume,
  fstype: string,
  signal: AbortSignal,
): Promise<string> {
  const directory = insideDirectory(paths, slotOf(volume));
  await step({
    check: async () => {
      if ((await mountAt(directory)) !== undefined)
        throw new NotReleasedError([`something is still mounted at ${directory}`]);
    },
    apply: async () => {
      await mkdir(dirname(directory), { recursive: true, mode: 0o700 });
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await mountDevice(
        start,
        mappingPath(mappingName(slotOf(volume))),
        directory,
        fstype,
        mountOptions(fstype, volume.readOnly === true),
        signal,
      );
    },
    undo: async () => {
      await ensureUnmounted(start, directory);
      await removeEmpty(directory);
    },
    leftover: `the file system is still mounted at ${directory}`,
  });
  return directory;
}

/** Removes the empty directories that interrupted commands left in {@link insideDirectory}. */
export async function removeLeftDirectories(paths: Paths): Promise<void> {
  const parent = dirname(insideDirectory(paths, 'X'));
  for (const name of await readdir(parent).catch(() => [])) await removeEmpty(join(parent, name));
  await removeEmpty(parent);
}

/** Options for a disk that is opened outside a run; see mount(8). */
export const mountOptions = (fstype: string, readOnly: boolean): string =>
  readOnly ? `ro,${replayOff(fstype)}${safeOptions}` : safeOptions;

/** A read-only mount still replays the journal unless told not to, and the mapping below it is read-only. */
const replayOff = (fstype: string): string =>
  ['ext3', 'ext4'].includes(fstype) ? 'noload,' : fstype === 'xfs' ? 'norecovery,' : '';

async function removeEmpty(directory: string): Promise<void> {
  try {
    await rmdir(directory);
  } catch {
    // never made, or not empty: not ours to remove
  }
}
