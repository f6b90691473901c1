import { access, constants, readFile, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { UsageError } from '../errors.ts';
import type { StartProgram } from '../system/command.ts';
import { isThere } from '../system/is-there.ts';
import type { Paths } from '../system/paths.ts';
import { saveLuksHeader } from '../disk/luks-header.ts';
import { isOnOwnDisk } from '../disk/own-disk.ts';

/** Stands for standard output: a pipe carries the copy away without touching a disk here. */
export const toStdout = '-';

/**
 * Checks, before anything is erased, whether a copy of the LUKS header can be written there. @returns warnings @throws
 * UsageError
 */
export async function checkHeaderTarget(start: StartProgram, target: string): Promise<string | undefined> {
  if (target === toStdout) {
    if (process.stdout.isTTY)
      throw new UsageError(
        'The copy of the LUKS header is binary, and standard output is a terminal.',
        'Name a file, or pipe it to another machine: … --header-backup - | ssh admin@server "cat > BACKUP_1.header"',
      );
    return undefined;
  }
  const file = resolve(target);
  if (await isThere(file))
    throw new UsageError(`${file} exists already.`, 'Name a new file for the copy of the LUKS header.');
  try {
    await access(dirname(file), constants.W_OK);
  } catch (cause) {
    throw new UsageError(
      `The copy of the LUKS header cannot be written to ${dirname(file)}.`,
      'Name a file in a directory that exists.',
      cause,
    );
  }
  return (await isOnOwnDisk(start, dirname(file)))
    ? `Warning: ${file} is on this machine's own disk. It is lost with this machine, and stolen with it: ` +
        'move it elsewhere, or pipe it there with --header-backup -'
    : undefined;
}

/**
 * Copies the LUKS header of a volume.
 * @param writeOut takes the copy that goes to standard output
 * @throws CommandError
 */
export async function copyHeader(
  start: StartProgram,
  paths: Paths,
  device: string,
  target: string,
  writeOut: (bytes: Uint8Array) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  if (target !== toStdout) return saveLuksHeader(start, device, resolve(target), signal);
  const passing = join(paths.run, `luks-header-${process.pid}`); // in RAM
  try {
    await saveLuksHeader(start, device, passing, signal);
    await writeOut(await readFile(passing));
  } finally {
    await rm(passing, { force: true });
  }
}
