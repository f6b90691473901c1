import { join } from 'node:path';
import type { PullFigures } from '../bus/events.ts';
import type { Config } from '../config/schema.ts';
import { parseSource } from '../config/source-schema.ts';
import type { PullSource } from '../config/sources.ts';
import { changeFormat } from '../history/change.ts';
import type { HistoryEntry } from '../history/history-entry.ts';
import type { Detour, Recheck } from './order.ts';
import type { LinkState } from './verdict.ts';

/** What a pull needs to know besides the settings. */
export interface PullTarget {
  /** The mirror on the opened disk, or the directory of one of several sources in it; its content becomes that of the source. */
  readonly mirror: string;
  /** Command that takes the place of rsh; rsync splits it at blanks. */
  readonly rsh: string;
  /** Where files are written until they are whole, on the file system of the mirror; beside each file when left out. */
  readonly unfinished?: string;
  readonly history?: HistoryEntry;
  /** Nothing is in the mirror yet, so nothing can be replaced; looking for it costs a tenth of the processor time. */
  readonly isEmpty?: boolean;
  /** It tells progress only when it is asked, and not after each file and in the midst of large ones; see progress-asker.ts. */
  readonly isAsked?: boolean;
  /** What begins and ends each line about a change; undefined when no word of each file is wanted. */
  readonly mark?: string;
  readonly detour?: Detour;
  /** Tells how the connection was when rsync had ended. */
  readonly linkState?: () => Promise<LinkState>;
  /** Set when only what a list names is to be deleted. */
  readonly named?: NamedDeletion;
}

/** Files on the disk that tell rsync what to delete. */
export interface NamedDeletion {
  /** Names below the mirror, separated by zero bytes. */
  readonly list: string;
  /** Stands for the source: has the directories that something is deleted from, and nothing of what is named. */
  readonly source: string;
}

/** Directory that rsync keeps unfinished files in, beside each file; never part of the mirror after a good run. */
export const partialDir = '.extbackup-partial';

/** So many files, of so many bytes on average, are copied faster when none of them has a line of its own. */
const manyFiles = { least: 100_000, averageBytes: 65_536 };

/**
 * Whether rsync is better asked for progress, for the source as it was the last time: also of the first copy, where a
 * million files may come.
 */
export const isBetterAsked = ({
  lastTime,
  isEmpty,
}: {
  readonly lastTime?: Pick<PullFigures, 'filesTotal' | 'bytesTotal'>;
  readonly isEmpty: boolean;
}): boolean =>
  lastTime === undefined
    ? isEmpty
    : lastTime.filesTotal >= manyFiles.least && lastTime.bytesTotal / lastTime.filesTotal < manyFiles.averageBytes;

/** `USER@HOST`, for messages. */
export function serverName({ source }: Pick<PullSource, 'source'>): string {
  const parts = parseSource(source);
  return parts ? `${parts.user}@${parts.host}` : source;
}

/** Options that both phases share: everything that a file is, exactly. */
const commonArgs = (config: Config, source: PullSource, target: PullTarget): string[] => [
  ...(config.pull.deleteWhen === 'before' ? ['--delete', '--delete-before'] : ['--delete', '--delete-delay']),
  ...copyingArgs(config, source, target),
];

/** What stands for a directory and all that is in it, with what leads there. */
const includeArgs = (patterns: readonly string[]): string[] => [
  ...patterns.map((pattern) => `--include=${pattern}${pattern.endsWith('/') ? '***' : ''}`),
  '--include=*/',
  '--exclude=*',
  '--prune-empty-dirs',
];

/** Arguments that compare files by content, and copy those that differ; nothing is deleted. */
export const recheckArgs = (config: Config, source: PullSource, target: PullTarget, recheck: Recheck): string[] => [
  '--checksum',
  ...copyingArgs(config, source, target),
  ...('list' in recheck ? [`--files-from=${recheck.list}`, '--from0'] : includeArgs(recheck.patterns)),
  ...historyArgs(source, target),
  '--',
  sourceArg(source),
  `${target.mirror}/`,
];

function copyingArgs(config: Config, source: PullSource, target: PullTarget): string[] {
  return [
    '--archive',
    '--hard-links',
    '--acls',
    '--xattrs',
    '--sparse',
    '--numeric-ids',
    `--partial-dir=${partialDir}`,
    ...(target.unfinished === undefined ? [] : [`--temp-dir=${target.unfinished}`]),
    '--no-human-readable',
    `--info=${target.isAsked === true ? '' : 'progress2,'}stats2,name0`,
    '--outbuf=Block',
    `--timeout=${Math.ceil(config.pull.stallTimeout / 1000)}`,
    ...(config.pull.bandwidthLimit > 0 ? [`--bwlimit=${config.pull.bandwidthLimit}`] : []),
    ...(target.detour?.wholeList === true ? ['--no-inc-recursive'] : []),
    ...(target.detour?.leaveOut ?? []).map((pattern) => `--exclude=${pattern}`),
    ...excludeArgs(source),
    ...tellArgs(target),
    `--rsh=${target.rsh}`,
  ];
}

/**
 * The source seems not to have what is excluded. So it is not copied, and what is on the disk from before it was excluded
 * is deleted like anything that the server lost: counted by the guard, and kept in the history. `--exclude` would keep it
 * on the disk for ever.
 */
const excludeArgs = ({ exclude }: PullSource): string[] => exclude.map((pattern) => `--filter=-s ${pattern}`);

/** Where to pull from; the path is relative to the directory that the server's forced command allows. */
export function sourceArg({ source: text }: PullSource): string {
  const source = parseSource(text);
  if (!source) throw new Error('the configuration was not checked');
  const path = source.path === '' || source.path.endsWith('/') ? source.path : `${source.path}/`;
  return `${source.user}@${source.host}:${path}`;
}

const tellArgs = ({ mark }: PullTarget): string[] => (mark === undefined ? [] : [`--out-format=${changeFormat(mark)}`]);

/** Where what is replaced or deleted goes: by the path below the mirror, also where the target is only one directory of it. */
export const backupDirectory = ({ name }: PullSource, { directory }: HistoryEntry): string =>
  name === undefined ? directory : join(directory, name);

function historyArgs(source: PullSource, { history, isEmpty = false }: PullTarget): string[] {
  return history === undefined || isEmpty ? [] : ['--backup', `--backup-dir=${backupDirectory(source, history)}`];
}

/**
 * Arguments of the copying phase: deletes nothing, and tells how much it would have deleted, and what; see doomed.ts.
 * `--max-delete=0` ends with 25 when there was something to delete; see rsync(1).
 */
export function copyArgs(config: Config, source: PullSource, target: PullTarget): string[] {
  return [
    ...commonArgs(config, source, target),
    '--debug=del2',
    ...historyArgs(source, target),
    '--max-delete=0',
    '--',
    sourceArg(source),
    `${target.mirror}/`,
  ];
}

/** Arguments of the deleting phase, which may delete at most `limit` files. */
export function deleteArgs(config: Config, source: PullSource, target: PullTarget, limit: number): string[] {
  return [
    ...commonArgs(config, source, target),
    '--debug=del2',
    ...historyArgs(source, target),
    `--max-delete=${limit}`,
    '--',
    sourceArg(source),
    `${target.mirror}/`,
  ];
}

/**
 * Arguments that delete what a list names, at most `limit` files, without a word to the server: each name that the
 * stand-in does not have becomes a deletion, and directories get their times back, to the nanosecond (--modify-window=-1).
 * Otherwise as in {@link deleteArgs}. It is a pull from the host `env`, which env(1) takes for a
 * program to start: so it is the receiving rsync that tells what it does, at once. Of a plain local copy, the sender
 * does, and the end is missing when all of them are killed.
 */
export function deleteNamedArgs(
  source: PullSource,
  target: PullTarget,
  limit: number,
  { list, source: standIn }: NamedDeletion,
): string[] {
  return [
    '--archive',
    '--hard-links',
    '--acls',
    '--xattrs',
    '--numeric-ids',
    '--no-human-readable',
    '--info=stats2,name0',
    '--delete-missing-args',
    '--force',
    '--modify-window=-1',
    `--files-from=${list}`,
    '--from0',
    '--no-implied-dirs',
    ...tellArgs(target),
    ...historyArgs(source, target),
    `--max-delete=${limit}`,
    '-e',
    '/usr/bin/env',
    '--',
    `env:${standIn}/`,
    `${target.mirror}/`,
  ];
}

/** Arguments that copy the directories of a list, with their times and all, and nothing that is in them. */
export const standInArgs = (list: string, from: string, to: string): string[] => [
  '--archive',
  '--acls',
  '--xattrs',
  '--numeric-ids',
  `--files-from=${list}`,
  '--from0',
  '--',
  `${from}/`,
  `${to}/`,
];

/** Arguments that change nothing and name every change that would be made. */
export function surveyArgs(config: Config, source: PullSource, target: PullTarget): string[] {
  return [...commonArgs(config, source, target), '--dry-run', '--', sourceArg(source), `${target.mirror}/`];
}

/**
 * Arguments that compare the content of the files in a list (names below the mirror, separated by zero bytes) with the
 * server and change nothing. -ii: what is the same is told, too. The server reads whole files before it says anything.
 */
export function compareArgs(config: Config, source: PullSource, target: PullTarget, list: string): string[] {
  return [
    '--checksum',
    '--times',
    '--dry-run',
    '-ii',
    `--files-from=${list}`,
    '--from0',
    '--outbuf=Block',
    '--out-format=!%i|%n',
    ...source.exclude.map((pattern) => `--exclude=${pattern}`),
    `--rsh=${target.rsh}`,
    '--',
    sourceArg(source),
    `${target.mirror}/`,
  ];
}
