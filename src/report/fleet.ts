import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { UsageError } from '../errors.ts';
import { statusSchema, type Status } from '../protocol/status.ts';
import { readSmallFile } from '../system/plain-file.ts';
import { parseJson } from '../system/parse-json.ts';
import type { Speaker } from '../words/speaker.ts';

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
export function judgeStation(name: string, status: Status | undefined, now: Date, words: Speaker): Station {
  if (status === undefined) return { name, level: 'trouble', troubles: [words.say('fleet.noStatus')] };
  const { rotation, drives, agent, key, updatedAt, warnings } = status;
  const ageMs = now.getTime() - Date.parse(updatedAt);
  const inState = (state: 'held' | 'failed'): string[] =>
    drives.filter((drive) => drive.state === state).map(({ label }) => words.say(`fleet.${state}`, { drive: label }));
  const serious = [
    ...(ageMs > day ? [words.say('fleet.silent', { age: words.age(updatedAt, now) })] : []),
    ...(ageMs < -day ? [words.say('fleet.ahead')] : []),
    ...(rotation.overdue ? [words.say('fleet.old')] : []),
    ...(agent === 'running' ? [] : [words.say('fleet.stopped')]),
    ...inState('held'),
    ...inState('failed'),
    ...drives.flatMap(({ label, health }) =>
      health.map((remark) => `${label}: ${words.say('details', { text: remark })}.`),
    ),
  ];
  const minor = [
    ...(key === 'loaded' ? [] : [words.say('fleet.key')]),
    ...rotation.overdueDrives.map((label) => words.say('judge.overdue', { drive: label })),
    ...warnings.map(({ text }) => words.say('details', { text })),
  ];
  const level = serious.length > 0 ? 'trouble' : minor.length > 0 ? 'attention' : 'good';
  return { name, status, level, troubles: [...serious, ...minor] };
}

/**
 * Reads the collected statuses of a directory, one file of `extbackup status --json` for each station, the worst first.
 * @throws UsageError when the directory cannot be read or has no such file
 */
export async function readFleet(directory: string, now: Date, words: Speaker): Promise<Station[]> {
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
      return judgeStation(basename(name, '.json'), parseJson(statusSchema, text), now, words);
    }),
  );
  const order = ['trouble', 'attention', 'good'];
  return stations.toSorted((a, b) => order.indexOf(a.level) - order.indexOf(b.level));
}
