import type { Counts } from '../bus/events.ts';
import { createTally } from '../guard/tally.ts';
import { bytesOfPath, isInside } from '../history/change-log.ts';
import type { PullOrder } from '../rsync/order.ts';
import type { ComingFile, Renaming } from './link-renamed.ts';
import type { Machine } from './machine.ts';

/** What a pull would still do, without anything having been changed. */
export interface Survey extends Renaming {
  readonly counts: Counts;
  readonly directories: readonly Buffer[];
  /** All of it is known: the source was listed to its end, and has something. */
  readonly isWhole: boolean;
}

/** More names are not kept. */
const mostNames = 50_000;

/** Has rsync tell, by lines that the server cannot forge, what it would do. */
export async function survey(machine: Machine, order: PullOrder, signal: AbortSignal): Promise<Survey> {
  const tally = createTally();
  const [coming, doomed, directories] = [[] as ComingFile[], [] as Buffer[], [] as Buffer[]];
  const outcome = await machine.pull(
    {
      ...order,
      survey: true,
      onProgress: () => undefined,
      onChange: (change) => {
        tally.add(change);
        const path = bytesOfPath(change.path);
        if (!isInside(path)) return;
        if (change.kind === 'deleted') (change.isDirectory ? directories : doomed).push(path);
        if (change.kind === 'created' && !change.isDirectory) coming.push({ path, size: change.size });
        for (const list of [coming, doomed, directories]) if (list.length > mostNames) list.pop();
      },
    },
    signal,
  );
  const isAll = Math.max(coming.length, doomed.length, directories.length) < mostNames;
  return {
    counts: tally.counts,
    coming,
    doomed,
    directories,
    isWhole: isAll && outcome.trouble === undefined && outcome.entries > 0,
  };
}
