import type { Counts } from '../bus/events.ts';
import { createTally } from '../guard/tally.ts';
import { bytesOfPath, isInside } from '../history/change-log.ts';
import type { PullOrder } from '../rsync/order.ts';
import type { ComingFile, Renaming } from './link-renamed.ts';
import type { Machine } from './machine.ts';

/** The changes that a pull would still make; nothing was changed. */
export interface Survey extends Renaming {
  readonly counts: Counts;
  readonly directories: readonly Buffer[];
  /** The list is complete: the source was listed to its end, and is not empty. */
  readonly isWhole: boolean;
}

/** More names are not kept. */
const mostNames = 50_000;

/** Makes rsync list the changes that it would make, in lines that the server cannot forge. */
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
