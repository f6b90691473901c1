import { join } from 'node:path';
import { listHistory } from '../history/history-entry.ts';
import { historyDirectory } from '../history/work-directory.ts';
import type { StartProgram } from '../system/command.ts';

/** The size of a disk's history. */
export interface HistorySize {
  readonly entries: number;
  /** Time of the oldest entry, by the clock. */
  readonly since?: Date;
  /** undefined when counting it took too long. */
  readonly bytes?: number;
}

/** For a very large history, only the number of entries is known. */
const patienceMs = 60_000;

/** Measures the history of an opened disk. */
export async function historySize(start: StartProgram, top: string, signal: AbortSignal): Promise<HistorySize> {
  const entries = await listHistory(top);
  const since = entries.at(-1)?.at;
  const bytes = await start({
    file: '/usr/bin/du',
    args: ['--summarize', '--one-file-system', '--block-size=1', '--', join(top, historyDirectory)],
    timeoutMs: patienceMs,
    accept: [1], // something could not be read
    signal,
  }).then(
    ({ stdout }) => /^\d+/.exec(stdout)?.[0],
    () => undefined,
  );
  return { entries: entries.length, ...(since && { since }), ...(bytes !== undefined && { bytes: Number(bytes) }) };
}
