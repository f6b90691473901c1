import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Config } from '../config/schema.ts';
import type { PullSource } from '../config/sources.ts';
import type { FetchedFile } from './order.ts';
import { CommandError, type StartProgram } from '../system/command.ts';
import { readSmallFile } from '../system/plain-file.ts';
import { ownDirectory } from '../disk/own-directory.ts';
import { workDirectory } from '../history/work-directory.ts';
import { troubleOfDisk } from './failure.ts';
import { serverName } from './arguments.ts';
import { whyNotRead } from './verdict.ts';

/** Temporary place of the file, on the opened disk: data of the server is never written to the station's own disk. */
const place = `${workDirectory}/fetched`;

/** A few lines; a larger file is not sent. */
const mostBytes = 1024;

/** The wanted file, and the top of the opened disk. */
interface Errand {
  readonly config: Config;
  readonly source: PullSource;
  readonly path: string;
  readonly top: string;
  /** Command for --rsh. */
  readonly rsh: string;
}

/** Reads one small file of the server with rsync, like any other file there. @throws DriveError */
export async function fetchFile(
  start: StartProgram,
  { config, source, path, top, rsh }: Errand,
  signal: AbortSignal,
): Promise<FetchedFile> {
  try {
    await ownDirectory(top, dirname(place));
    await rm(join(top, place), { recursive: true, force: true }); // left by an interrupted run
    const directory = await ownDirectory(top, place);
    await start({
      file: '/usr/bin/rsync',
      args: fetchArgs(config, { source, path, directory, rsh }),
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

/** The file to fetch, and its target. */
interface FetchOrder {
  readonly source: PullSource;
  /** Below the directory that the server allows. */
  readonly path: string;
  readonly directory: string;
  readonly rsh: string;
}

/**
 * Arguments that get one small plain file. A filter selects it, so a missing file is not an error, and a missing
 * directory is the same error as in a pull.
 */
function fetchArgs(config: Config, { source, path, directory, rsh }: FetchOrder): string[] {
  const folder = dirname(path) === '.' ? '' : `${dirname(path)}/`;
  return [
    '--dirs',
    '--whole-file',
    `--max-size=${mostBytes}`,
    `--timeout=${Math.ceil(config.pull.stallTimeout / 1000)}`,
    `--include=/${basename(path)}`,
    '--exclude=*',
    `--rsh=${rsh}`,
    '--',
    `${serverName(source)}:${folder}`,
    `${directory}/`,
  ];
}
