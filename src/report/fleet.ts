import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { UsageError } from '../errors.ts';
import { statusSchema, type Status } from '../protocol/status.ts';
import { readSmallFile } from '../system/plain-file.ts';
import { parseJson } from '../system/parse-json.ts';
import { describeAge } from '../text/wording.ts';

/** One station of a fleet, from its collected `status --json`. */
export interface Station {
  /** Name of the file, without its ending. */
  readonly name: string;
  /** undefined when the file is not the status of a station. */
  readonly status?: Status;
  readonly level: 'good' | 'attention' | 'trouble';
  /** What is wrong, the most important first. */
  readonly troubles: readonly string[];
}

const day = 86_400_000;

/** A larger file is not a status: the status of a station with fifty disks has 30 kB. */
const largestStatus = 4 * 1024 * 1024;

/** Judges the collected status of a station. A status older than a day is trouble: the station may be down. */
export function judgeStation(name: string, status: Status | undefined, now: Date): Station {
  if (status === undefined)
    return { name, level: 'trouble', troubles: ['The file is not the output of "extbackup status --json".'] };
  const { rotation, drives, agent, key, updatedAt, warnings } = status;
  const isOld = now.getTime() - Date.parse(updatedAt) > day;
  const inState = (state: string, words: string): string[] =>
    drives.filter((drive) => drive.state === state).map(({ label }) => `${label} ${words}`);
  const serious = [
    ...(isOld ? [`No news for ${describeAge(updatedAt, now)}.`] : []),
    ...(rotation.overdue ? ['The freshest offline copy is too old.'] : []),
    ...(agent === 'running' ? [] : ['The agent does not run.']),
    ...inState('held', 'waits for an answer.'),
    ...inState('failed', 'failed.'),
    ...drives.flatMap(({ label, health }) => health.map((remark) => `${label}: ${remark}.`)),
  ];
  const minor = [
    ...(key === 'loaded' ? [] : ['The key is not loaded.']),
    ...rotation.overdueDrives.map((label) => `${label} is overdue.`),
    ...warnings.map(({ text }) => text),
  ];
  const level = serious.length > 0 ? 'trouble' : minor.length > 0 ? 'attention' : 'good';
  return { name, status, level, troubles: [...serious, ...minor] };
}

/**
 * Reads the collected statuses of a directory, one file of `extbackup status --json` for each station, the worst first.
 * @throws UsageError when the directory cannot be read or has no such file
 */
export async function readFleet(directory: string, now: Date): Promise<Station[]> {
  const names = await readdir(directory).catch((error: unknown) => {
    throw new UsageError(
      `${directory} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}).`,
      'Name a directory with one file STATION.json for each station, from: extbackup status --json',
      error,
    );
  });
  const found = names.filter((name) => name.endsWith('.json')).sort();
  if (found.length === 0)
    throw new UsageError(
      `${directory} has no file that ends in .json.`,
      'Collect one for each station, for example: ssh STATION extbackup status --json > DIR/STATION.json',
    );
  const stations = await Promise.all(
    found.map(async (name) => {
      const text = await readSmallFile(join(directory, name), largestStatus).catch(() => undefined);
      return judgeStation(basename(name, '.json'), parseJson(statusSchema, text), now);
    }),
  );
  const order = ['trouble', 'attention', 'good'];
  return stations.toSorted((a, b) => order.indexOf(a.level) - order.indexOf(b.level));
}
