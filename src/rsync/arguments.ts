import { join } from 'node:path';
import type { PullFigures } from '../bus/events.ts';
import type { Config } from '../config/schema.ts';
import { parseSource } from '../config/source-schema.ts';
import type { PullSource } from '../config/sources.ts';
import { changeFormat } from '../history/change.ts';
import type { HistoryEntry } from '../history/history-entry.ts';
import type { Detour, Recheck } from './order.ts';
import type { LinkUse } from './link-meter.ts';
import { lineArgs } from './pace.ts';
import type { LinkState } from './verdict.ts';

/** The input of a pull, in addition to the settings. */
export interface PullTarget extends LinkUse {
  /** The mirror on the opened disk, or a source's directory in it; the pull makes it equal to the source. */
  readonly mirror: string;
  /** Command for --rsh; rsync splits it at blanks. */
  readonly rsh: string;
  /** Directory for unfinished files, on the file system of the mirror; without it they are beside each file. */
  readonly unfinished?: string;
  readonly history?: HistoryEntry;
  /** The mirror is empty, so nothing can be replaced; searching for it would cost a tenth of the processor time. */
  readonly isEmpty?: boolean;
  /** rsync prints progress only when asked, not after each file and within large ones; see progress-asker.ts. */
  readonly isAsked?: boolean;
  /** The mark around each line about a change; undefined when rsync should not name each file. */
  readonly mark?: string;
  readonly detour?: Detour;
  /** File with exclude rules for both sides, with a zero byte after each. */
  readonly leftOut?: string;
  /** Bandwidth limit, 0 for none; undefined is the limit of the settings at this time. */
  readonly kibPerSecond?: number;
  /** The state of the connection after rsync has ended. */
  readonly linkState?: () => Promise<LinkState>;
  /** Set when only the files of a list are to be deleted. */
  readonly named?: NamedDeletion;
}

/** Files on the disk with the names that rsync is to delete. */
export interface NamedDeletion {
  /** Names below the mirror, separated by zero bytes. */
  readonly list: string;
  /** A stand-in for the source: contains the directories of the doomed files, but not the files themselves. */
  readonly source: string;
}

/** Directory for rsync's unfinished files, beside each file; never part of the mirror after a good run. */
export const partialDir = '.extbackup-partial';
/** From this number of files, and up to this average size, copying is faster without a progress line for each file. */
const manyFiles = { least: 100_000, averageBytes: 65_536 };

/**
 * Whether to ask rsync for progress, by the last size of the source; also for the first copy, which may have a million
 * files.
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

/** The same with the address that was used, or those that were tried, of a server with several. */
export const serverAt = (source: Pick<PullSource, 'source'>, at: string | undefined): string =>
  at === undefined ? serverName(source) : `${serverName(source)} (${at})`;

/** Options of both phases: an exact copy with all attributes. */
const commonArgs = (config: Config, source: PullSource, target: PullTarget): string[] => [
  ...(config.pull.deleteWhen === 'before' ? ['--delete', '--delete-before'] : ['--delete', '--delete-delay']),
  ...copyingArgs(config, source, target),
];

/** Patterns for a directory, its content and its parents. */
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
    ...lineArgs(target, config),
    ...(target.detour?.wholeList === true ? ['--no-inc-recursive'] : []),
    ...(target.leftOut === undefined ? [] : ['--from0', `--exclude-from=${target.leftOut}`]),
    ...(target.detour?.leaveOut ?? []).map((pattern) => `--exclude=${pattern}`),
    ...excludeArgs(source),
    ...tellArgs(target),
    `--rsh=${target.rsh}`,
  ];
}

/**
 * Hides excluded files of the source. So they are not copied, and copies from before the exclusion are deleted like
 * files that the server lost: counted by the guard, and kept in the history. `--exclude` would keep them on the disk
 * forever.
 */
const excludeArgs = ({ exclude }: PullSource): string[] => exclude.map((pattern) => `--filter=-s ${pattern}`);

/** The source of a pull; the path is relative to the directory that the server's forced command allows. */
export function sourceArg({ source: text }: PullSource): string {
  const source = parseSource(text);
  if (!source) throw new Error('the configuration was not checked');
  const path = source.path === '' || source.path.endsWith('/') ? source.path : `${source.path}/`;
  return `${source.user}@${source.host}:${path}`;
}

const tellArgs = ({ mark }: PullTarget): string[] => (mark === undefined ? [] : [`--out-format=${changeFormat(mark)}`]);

/**
 * Directory for replaced and deleted files, by their path below the mirror, also when the target is only one directory
 * of it.
 */
export const backupDirectory = ({ name }: PullSource, { directory }: HistoryEntry): string =>
  name === undefined ? directory : join(directory, name);

function historyArgs(source: PullSource, { history, isEmpty = false }: PullTarget): string[] {
  return history === undefined || isEmpty ? [] : ['--backup', `--backup-dir=${backupDirectory(source, history)}`];
}

/**
 * Arguments of the copying phase: deletes nothing, but reports the number and names of the files it would delete; see
 * doomed.ts. `--max-delete=0` ends with 25 when there was something to delete; see rsync(1).
 */
export const copyArgs = (config: Config, source: PullSource, target: PullTarget): string[] =>
  deleteArgs(config, source, target, 0);

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
 * Arguments that delete the files of a list, at most `limit`, without a connection to the server: each name that the
 * stand-in does not have becomes a deletion, and directories get their times back, to the nanosecond (--modify-
 * window=-1). Otherwise as in {@link deleteArgs}. It is a pull from the host `env`: env(1) starts the remaining words
 * as a program, so the receiving rsync reports its work at once. In a plain local copy the sender reports it, and the
 * end of the report is lost when all of them are killed.
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

/** Arguments that copy the directories of a list with their times and attributes, without their content. */
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
 * server and change nothing. -ii: equal files are listed, too. The server reads whole files before it answers.
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
