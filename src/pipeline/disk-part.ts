import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { checkFilesystem, flushFilesystem, readFilesystemType, stampFile, wakeDevice } from '../disk/filesystem.ts';
import { ensureLuksClosed, isOpen, mappingPath, openLuks, readLuksUuid } from '../disk/luks.ts';
import { ensureUnmounted, mountAt, mountDevice, safeOptions } from '../disk/mounts.ts';
import { readAhead, type ReadAhead } from '../disk/read-ahead.ts';
import type { StartProgram } from '../system/command.ts';
import { files, type Paths } from '../system/paths.ts';
import type { Machine } from './machine.ts';

/** The part of {@link Machine} that opens, mounts and closes a disk. */
export type DiskPart = Pick<
  Machine,
  | 'wake'
  | 'luksUuid'
  | 'isOpen'
  | 'open'
  | 'ensureClosed'
  | 'filesystemType'
  | 'check'
  | 'isMounted'
  | 'mount'
  | 'ensureUnmounted'
  | 'flush'
  | 'stamp'
>;

export function createDiskPart(start: StartProgram, paths: Paths): DiskPart {
  let ahead: ReadAhead | undefined;
  return {
    wake: (device, signal) => wakeDevice(start, device, signal),
    luksUuid: (device, signal) => readLuksUuid(start, device, signal),
    isOpen,
    open: (volume, signal) => openLuks(start, { ...volume, keyFile: files.luksKey(paths) }, signal),
    ensureClosed: (mapping) => ensureLuksClosed(start, mapping),
    filesystemType: (mapping) => readFilesystemType(start, mappingPath(mapping)),
    check: (mapping, fstype, signal) => checkFilesystem(start, mappingPath(mapping), fstype, signal),
    isMounted: async () => (await mountAt(paths.plaintext)) !== undefined,
    mount: async (mapping, fstype, signal) => {
      await mkdir(paths.plaintext, { recursive: true, mode: 0o700 });
      await mountDevice(start, mappingPath(mapping), paths.plaintext, fstype, safeOptions, signal);
      await chmod(paths.plaintext, 0o700); // hidden from other local users, as in a mount for a person
      ahead = readAhead(mappingPath(mapping));
    },
    ensureUnmounted: async () => {
      await ahead?.end();
      await ensureUnmounted(start, paths.plaintext);
    },
    flush: (signal) => flushFilesystem(start, paths.plaintext, signal),
    stamp: (at) => stampFile(join(paths.plaintext, 'LABEL'), at),
  };
}
