import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sourcesOf } from '../config/sources.ts';
import type { OpenedDisk } from '../opening/with-disk.ts';
import type { DrillFile } from '../restore/drill-sample.ts';
import { startInBox } from '../rsync/connect-in-box.ts';
import type { CliContext } from '../terminal/cli-context.ts';
import { compareNamed } from '../verify/compare-with-server.ts';
import type { ServerAccess } from './ask-server.ts';

/** A part of a sample beside the server. Counts only: no file name. */
export interface ServerCounts {
  /** Files of the present mirror; old versions have no counterpart on the server. */
  readonly asked: number;
  readonly same: number;
  /** Same time and size, but another content. */
  readonly differing: number;
  readonly changedSince: number;
  readonly missing: number;
}

/** Compares the files of a sample with the server; their names are only in RAM, and nothing is written to the disk. */
export async function compareSample(
  context: CliContext,
  { config, identity }: ServerAccess,
  { top, mirror }: OpenedDisk,
  sample: readonly DrillFile[],
  signal: AbortSignal,
): Promise<ServerCounts> {
  const directory = await mkdtemp(join(context.paths.run, 'drill-'));
  try {
    const list = join(directory, 'names');
    await writeFile(list, '', { mode: 0o600 });
    const inBox = await startInBox(context.start, config.ssh, identity, { top, writable: [] }, [list]);
    const comparison = { top, mirror, config, sources: sourcesOf(config), identityFile: identity };
    const names = sample.flatMap(({ path, at }) => (at === undefined ? [path] : []));
    const { drawn, differing, ...counts } = await compareNamed(inBox, comparison, names, list, signal);
    return { asked: drawn, differing: differing.length, ...counts };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
