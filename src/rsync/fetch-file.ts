import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Config } from '../config/schema.ts';
import type { PullSource } from '../config/sources.ts';
import type { FetchedFile } from './order.ts';
import { CommandError, type StartProgram } from '../system/command.ts';
import { readSmallFile } from '../system/plain-file.ts';
import { ownDirectory } from '../disk/own-directory.ts';
import { troubleOfDisk } from './failure.ts';
import { fetchArgs } from './arguments.ts';
import { whyNotRead } from './verdict.ts';

/** Where the file is put for a moment: nothing of the server is ever written to the station's own disk. */
const place = '.extbackup/fetched';

/** No more than a few lines; a larger file is not even sent. */
const mostBytes = 1024;

/** What is wanted, and the top of the opened disk. */
interface Errand {
  readonly config: Config;
  readonly source: PullSource;
  readonly path: string;
  readonly top: string;
  /** Takes the place of rsh. */
  readonly rsh: string;
}

/** Reads one small file of the server with rsync, as it may read everything else there. @throws DriveError */
export async function fetchFile(
  start: StartProgram,
  { config, source, path, top, rsh }: Errand,
  signal: AbortSignal,
): Promise<FetchedFile> {
  try {
    await ownDirectory(top, dirname(place));
    await rm(join(top, place), { recursive: true, force: true }); // of an earlier run that was cut off
    const directory = await ownDirectory(top, place);
    await start({
      file: '/usr/bin/rsync',
      args: fetchArgs(config, { source, path, directory, rsh, mostBytes }),
      timeoutMs: 10 * 60_000,
      signal,
    });
    const content = await readSmallFile(join(directory, basename(path)), mostBytes);
    await rm(directory, { recursive: true, force: true });
    return content === undefined ? {} : { content };
  } catch (error) {
    if (error instanceof CommandError) return { trouble: whyNotRead(error.exitCode, error.stderr) };
    const trouble = troubleOfDisk(error);
    if (trouble !== undefined) return { trouble };
    throw error;
  }
}
