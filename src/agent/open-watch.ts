import type { Bus } from '../bus/bus.ts';
import { measureUse, type MeasureUse } from '../disk/measure.ts';
import { describeUse } from '../opening/open-words.ts';
import type { DriveRecord } from '../records/drive-record.ts';
import type { Paths } from '../system/paths.ts';

/** The parts that the watch uses. */
export interface OpenWatchParts {
  readonly bus: Bus;
  readonly paths: Paths;
  readonly drives: () => Promise<readonly DriveRecord[]>;
  /** The disk that the agent itself has open or will open now. */
  readonly running: () => string | undefined;
  readonly measure?: MeasureUse;
}

/**
 * Each call measures which enrolled disks are open without the agent, and reports changes:
 * `drive:opened` and `drive:closed`. A late or repeated call reports nothing wrong.
 * @returns a function that returns whether a disk is open; if so, call it again soon
 */
export function createOpenWatch({ bus, paths, drives, running, measure = measureUse }: OpenWatchParts) {
  const open = new Set<string>();
  return async (): Promise<boolean> => {
    for (const { label, luksUuid } of await drives()) {
      if (running() === label) continue; // reported by the run
      const use = await measure(luksUuid);
      if (running() === label) continue; // a run of this disk has begun meanwhile
      if (use !== undefined && !open.has(label)) {
        const { words, command, by, since } = await describeUse(paths, label, use);
        open.add(label);
        const of = { ...(command !== undefined && { command }), ...(by !== undefined && { by }) };
        bus.emit('drive:opened', { drive: label, how: words, ...of, ...(since !== undefined && { since }) });
      } else if (use === undefined && open.delete(label)) bus.emit('drive:closed', { drive: label });
    }
    return open.size > 0;
  };
}
