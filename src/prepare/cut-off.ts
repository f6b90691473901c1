import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { readJson } from '../system/read-json.ts';
import { BusyError } from '../errors.ts';
import { writeAtomically } from '../system/atomic-file.ts';
import { listBlockDevices, withDescendants } from '../disk/block-devices.ts';
import type { StartProgram } from '../system/command.ts';
import { mappingName, mappingPath, mappingPrefix } from '../disk/luks.ts';
import { backOff } from '../disk/mounts.ts';
import type { Paths } from '../system/paths.ts';
import { releaseAll } from '../disk/release.ts';
import { openedByPersonRefusal, readOpenedByPerson } from '../opening/opened-by-person.ts';
import { usersOf } from '../system/users-of.ts';
import { zonedTime } from '../text/local-time.ts';

const noteSchema = z.object({ version: z.literal(1), label: z.string(), device: z.string(), since: z.iso.datetime() });
const noteFile = (paths: Paths): string => join(paths.state, 'preparing.json');

/**
 * Runs the preparation of a disk with a note, so that a preparation cut off by SIGKILL or a power cut is detected
 * later.
 */
export async function noted<T>(
  paths: Paths,
  what: { readonly label: string; readonly device: string },
  work: () => Promise<T>,
): Promise<T> {
  await mkdir(paths.state, { recursive: true, mode: 0o700 });
  await writeAtomically(
    noteFile(paths),
    `${JSON.stringify({ version: 1, ...what, since: new Date().toISOString() })}\n`,
    true,
  );
  try {
    return await work();
  } finally {
    await rm(noteFile(paths), { force: true });
  }
}

/**
 * Tidies up after an interrupted command, with the device lock held: waits for its running programs, and closes an open
 * mapping. @returns lines for the operator @throws BusyError when the disk cannot be closed, or a person has it open
 */
export async function tidyUpCutOff(
  start: StartProgram,
  paths: Paths,
  device: string,
  patienceMs = 60_000,
): Promise<string[]> {
  const news: string[] = [];
  const note = await readNote(paths);
  if (note) {
    news.push(
      `The preparation of ${note.label} on ${note.device}, begun ` +
        `${zonedTime(note.since, 'second')}, was interrupted. The disk is not enrolled; it is ` +
        'prepared again from the start.',
    );
    await waitForOrphans(start, device, patienceMs);
  }
  for (const mapping of await ourMappings(start, device)) {
    const opened = await readOpenedByPerson(paths);
    if (opened && mappingName(opened.label) === mapping) throw openedByPersonRefusal(opened);
    const { left } = await releaseAll(start, { only: mapping }, patienceMs);
    if (left.length > 0) throw stillOpen(device, mapping, await usersOfDisk(start, device));
    news.push(`An interrupted command left it open as ${mapping}; it is closed now.`);
  }
  return news;
}

/** undefined when nothing was interrupted, or before anything was done. */
const readNote = (paths: Paths): Promise<z.infer<typeof noteSchema> | undefined> =>
  readJson(noteSchema, noteFile(paths));

/** Programs of a killed command go on without it, and two programs must not write to one disk. */
async function waitForOrphans(start: StartProgram, device: string, patienceMs: number): Promise<void> {
  const until = performance.now() + patienceMs;
  for (;;) {
    const users = await usersOfDisk(start, device);
    if (users.length === 0) return;
    if (performance.now() > until)
      throw new BusyError(
        `${users.join(', ')} of an interrupted preparation is still running on ${device}.`,
        'Wait until it has ended, or end it, and run the same command again.',
      );
    await backOff(500);
  }
}

const stillOpen = (device: string, mapping: string, users: readonly string[]): BusyError =>
  new BusyError(
    `${device} is still open as ${mapping}${users.length === 0 ? '' : `, and in use by ${users.join(', ')}`}.`,
    'End the programs that use it, then run: extbackup release',
  );

async function onDisk(start: StartProgram, device: string) {
  const disk = (await listBlockDevices(start)).find(({ path }) => path === device);
  return disk ? [...withDescendants(disk)] : [];
}

async function ourMappings(start: StartProgram, device: string): Promise<string[]> {
  return (await onDisk(start, device)).flatMap(({ path }) =>
    path.startsWith(mappingPath(mappingPrefix)) ? [path.slice(mappingPath('').length)] : [],
  );
}

async function usersOfDisk(start: StartProgram, device: string): Promise<string[]> {
  const devices = (await onDisk(start, device)).flatMap(({ path, kname }) => [path, `/dev/${kname}`]);
  return [...new Set((await Promise.all([...new Set(devices)].map((path) => usersOf(path)))).flat())];
}
