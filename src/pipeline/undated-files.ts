import type { Change } from '../history/change.ts';
import type { Guard } from '../guard/guard.ts';
import type { PullOrder, RsyncOutcome } from '../rsync/order.ts';
import { holdRun } from './hold-run.ts';
import type { Job } from './job.ts';
import { keeping } from './keeping.ts';
import type { Machine } from './machine.ts';
import type { Story } from './story.ts';

/** The most changed files of a run that are checked; others are checked when they change again. */
const most = 20_000;

/** Finds the files whose date the disk cannot hold, and keeps them from being copied again in every run. */
export interface UndatedFiles {
  see(change: Change): void;
  /**
   * Before a pull: compares the files of earlier runs by content, and copies those that differ.
   * @returns the order of the pull, which leaves them out; the unchanged order when the pull must check all files, or
   * one of them is gone. `copied`: the figures of the copies
   * @throws HeldError
   */
  compare(guard: Guard, order: PullOrder, signal: AbortSignal): Promise<{ order: PullOrder; copied?: RsyncOutcome }>;
  /** After a pull: remembers new ones, and reports them. */
  note(): Promise<void>;
}

export function createUndatedFiles(
  job: Job,
  machine: Machine,
  story: Story,
  source: PullOrder['source'],
): UndatedFiles {
  const touched = new Set<string>();
  return {
    see: ({ kind, isDirectory, path }) => {
      if ((kind === 'created' || kind === 'changed') && !isDirectory && touched.size < most) touched.add(path);
    },
    compare: async (guard, order, signal) => {
      const undated = await machine.readUndated(source);
      if (undated === undefined) return { order };
      const kept = await keeping(job, machine, guard);
      const recheck = { list: undated.list };
      const copied = await machine.pull({ ...order, ...kept, recheck, onProgress: () => undefined }, guard.signal);
      if (guard.excess() !== undefined) throw await holdRun(job, machine, guard, order, signal);
      return { order: copied.trouble === undefined ? { ...order, undated } : order, copied };
    },
    note: async () => {
      const found = touched.size === 0 ? 0 : await machine.addUndated(source, touched);
      if (found > 0)
        story.tell('run:warned', {
          about: 'dates',
          reason:
            `The disk cannot hold the dates of ${found === 1 ? '1 file' : `${found} files`} (before 1902, or after 2446; ` +
            'on older disks, after 2037): it keeps the nearest date that it can. The content is complete.',
          todo: 'Nothing needs to be done: runs compare these files by content. To avoid this, correct the dates on the server.',
        });
    },
  };
}
