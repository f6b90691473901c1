import { open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config/schema.ts';
import type { PullSource } from '../config/sources.ts';
import { bytesOfName } from '../history/change-log.ts';
import { CommandError, type StartProgram } from '../system/command.ts';
import { compareArgs } from '../rsync/arguments.ts';
import { pullError } from '../rsync/failure.ts';
import { whyNotRead } from '../rsync/verdict.ts';
import { createLineSplitter } from '../rsync/output.ts';
import { wayTo } from '../rsync/way.ts';
import { replaceOrRemove } from './bad-files.ts';
import { bytesOf } from './checksum-entry.ts';
import { walk } from './tree-walk.ts';

/**
 * Report on the disk with the names of files whose content differs on the server; it exists only when there are any.
 */
export const differenceFile = '.extbackup/differs-from-server.txt';

/** File with the names of the sample, for rsync. The names never leave the disk. */
const sampleFile = '.extbackup/sample.list';

/** The input of a comparison. */
export interface Comparison {
  readonly top: string;
  readonly mirror: string;
  readonly config: Config;
  readonly sources: readonly PullSource[];
  /** The ssh key in RAM. */
  readonly identityFile: string;
  /** Probability of each file, above 0 to 1. */
  readonly sample: number;
  /** Called while the sample is drawn, then while it is compared. */
  onProgress?(progress: { readonly drawn: number; readonly compared: number }): void;
}

/** The result of a comparison. */
export interface ComparisonResult {
  /** Files in the sample. */
  readonly drawn: number;
  readonly same: number;
  /**
   * Paths whose content differs on the server although time and size are equal: one of the two is damaged. Only for the
   * disk.
   */
  readonly differing: readonly string[];
  /** Changed on the server since they were copied. */
  readonly changedSince: number;
  /** Not on the server any more, or excluded by the settings. */
  readonly missing: number;
}

/** Most differing files that are named. */
const mostNamed = 10_000;

/**
 * Compares a random sample of the mirror with the server, content by content, and changes nothing: a dry run of rsync
 * with checksums, through the same forced command as a pull.
 * @throws PullError
 */
export async function compareWithServer(
  start: StartProgram,
  comparison: Comparison,
  signal: AbortSignal,
): Promise<ComparisonResult> {
  const { top, sample } = comparison;
  const list = join(top, sampleFile);
  const result = await compareSources(start, comparison, list, signal, ({ target }, onDrawn) =>
    drawSample(Buffer.from(target), list, sample, signal, onDrawn),
  );
  const { differing } = result;
  await replaceOrRemove(join(top, differenceFile), differing.length === 0 ? undefined : report(differing));
  return result;
}

/**
 * Compares these files of the mirror with the server, and writes nothing to the disk.
 * @param names paths below the mirror, as they are typed
 * @param list a file in RAM for their names; it is removed
 * @throws PullError
 */
export function compareNamed(
  start: StartProgram,
  comparison: Omit<Comparison, 'sample'>,
  names: readonly string[],
  list: string,
  signal: AbortSignal,
): Promise<ComparisonResult> {
  return compareSources(start, comparison, list, signal, async ({ source }) => {
    const prefix = source.name === undefined ? '' : `${source.name}/`;
    const own = names.flatMap((name) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : []));
    await writeFile(list, own.map((name) => `${name}\0`).join(''), { mode: 0o600 });
    return own.length;
  });
}

/** Writes the names of the files of one source to the list; returns how many. */
type FillList = (
  place: { readonly source: PullSource; readonly target: string },
  onDrawn: (soFar: number) => void,
) => Promise<number>;

async function compareSources(
  start: StartProgram,
  comparison: Omit<Comparison, 'sample'>,
  list: string,
  signal: AbortSignal,
  fill: FillList,
): Promise<ComparisonResult> {
  const { top, mirror, config, sources, identityFile } = comparison;
  let drawn = 0;
  const tell = (): void =>
    comparison.onProgress?.({ drawn, compared: found.same + found.differing.length + found.changedSince });
  const found: Found = { same: 0, differing: [], changedSince: 0, tell };
  try {
    for (const source of sources) {
      const target = join(top, mirror, source.name ?? '');
      const before = drawn;
      const here = await fill({ source, target }, (soFar) => {
        drawn = before + soFar;
        tell();
      });
      drawn = before + here;
      if (here === 0) continue;
      const way = await wayTo(source, config.ssh, identityFile);
      const args = compareArgs(config, source, { mirror: target, rsh: way.rsh }, list);
      await compare(start, args, { ...source, server: way.server }, found, signal);
    }
  } finally {
    await rm(list, { force: true });
  }
  const { same, differing, changedSince } = found;
  return { drawn, same, differing, changedSince, missing: Math.max(0, drawn - same - differing.length - changedSince) };
}

interface Found {
  same: number;
  readonly differing: string[];
  changedSince: number;
  readonly tell: () => void;
}

async function compare(
  start: StartProgram,
  args: readonly string[],
  source: Pick<PullSource, 'name'> & { readonly server: string },
  found: Found,
  signal: AbortSignal,
): Promise<void> {
  const { server } = source;
  const prefix = source.name === undefined ? '' : `${source.name}/`;
  const split = createLineSplitter((line) => {
    const verdict = parseComparison(line);
    if (verdict?.kind === 'same') found.same += 1;
    else if (verdict?.kind === 'changed-since') found.changedSince += 1;
    else if (verdict?.kind === 'differs' && found.differing.length < mostNamed)
      found.differing.push(prefix + verdict.path);
    if (verdict) found.tell();
  });
  try {
    const { exitCode, stderr } = await start({
      file: '/usr/bin/rsync',
      args,
      timeoutMs: 14 * 86_400_000,
      accept: [23, 24],
      signal,
      onStdout: split,
      onStderr: () => undefined,
    });
    split('\n');
    // rsync also ends with 23 for files that are gone on the server; a missing directory is an error of its own.
    if (exitCode === 23 && /change_dir .* failed/.test(stderr)) throw pullError('no-directory', server, undefined);
  } catch (error) {
    if (error instanceof CommandError && !signal.aborted)
      throw pullError(whyNotRead(error.exitCode, error.stderr), server, error);
    throw error;
  }
}

/**
 * `!>fc.t......|path`: with --checksum the third letter is about the content, the next two about size and time; see
 * rsync(1).
 */
const compared = /^!(?:(\.f)|[<>]f(.)(.)(.))[^|]*\|(.+)$/s;

/** Reads one line of the dry run. */
export function parseComparison(
  line: string,
): { readonly kind: 'same' | 'changed-since' } | { readonly kind: 'differs'; readonly path: string } | undefined {
  const match = compared.exec(line);
  if (!match) return undefined;
  const [, same, , size, time, path = ''] = match;
  if (same !== undefined) return { kind: 'same' };
  return size === '.' && time === '.'
    ? { kind: 'differs', path: bytesOfName(path).toString('latin1') }
    : { kind: 'changed-since' };
}

/** Draws each file with the same probability, at least one; names are separated by zero bytes. */
async function drawSample(
  root: Buffer,
  list: string,
  probability: number,
  signal: AbortSignal,
  onDrawn: (soFar: number) => void,
): Promise<number> {
  await rm(list, { force: true });
  const handle = await open(list, 'wx', 0o600);
  let drawn = 0;
  try {
    let pending: Buffer[] = [];
    let last: string | undefined;
    const flush = async (): Promise<void> => {
      await handle.writeFile(Buffer.concat(pending));
      pending = [];
    };
    for await (const { path, kind } of walk(root, '')) {
      signal.throwIfAborted();
      if (kind !== 'file') continue;
      last = path;
      onDrawn(drawn);
      if (Math.random() >= probability) continue;
      drawn += 1;
      pending.push(bytesOf(`${path}\0`));
      if (pending.length >= 1_000) await flush();
    }
    if (drawn === 0 && last !== undefined) drawn = pending.push(bytesOf(`${last}\0`));
    await flush();
  } finally {
    await handle.close();
  }
  return drawn;
}

function report(paths: readonly string[]): Buffer {
  return Buffer.concat([
    Buffer.from(
      `Compared at ${new Date().toISOString()}. The server has another content under the same time and size; paths are below the mirror:\n`,
    ),
    ...paths.map((path) => bytesOf(`  ${path}\n`)),
  ]);
}
