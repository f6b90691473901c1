import type { Bus } from '../bus/bus.ts';
import type { RotationSetting } from '../config/rotation-setting.ts';
import type { DriveRecord } from '../records/drive-record.ts';
import { movedSources, type MovedSource } from '../records/sets.ts';
import { localDay } from '../text/local-time.ts';

/** The parts that the watch uses. */
export interface MovedParts {
  readonly bus: Bus;
  readonly drives: () => Promise<readonly DriveRecord[]>;
  readonly rotation: () => Promise<RotationSetting>;
}

const topicOf = (source: string): string => `moved source ${source}`;

/**
 * Warns of each source that was moved to another set, until a disk of that set has a complete copy: the copies on the
 * other disks grow old meanwhile, although those disks are fresh.
 */
export function createMovedWatch({ bus, drives, rotation }: MovedParts): () => Promise<void> {
  let told = new Set<string>();
  return async () => {
    const records = (await drives()).filter(({ state }) => state === 'active');
    const moved = movedSources(records, await rotation());
    for (const one of moved)
      if (!told.has(one.source))
        bus.emit('warning:raised', { about: 'moved', ...wordsOf(one), topic: topicOf(one.source) });
    for (const source of told)
      if (!moved.some((one) => one.source === source)) bus.emit('warning:settled', { topic: topicOf(source) });
    told = new Set(moved.map(({ source }) => source));
  };
}

const wordsOf = ({ source, sets, drives, left }: MovedSource): { readonly reason: string; readonly todo: string } => ({
  reason:
    `The source ${source} belongs to the set ${sets.join(', ')} now, and no disk of it has a complete copy yet. ` +
    `Its last copy, on disk ${left.drive}, is from ${localDay(left.at)} and is no longer updated.`,
  todo: `Bring a disk of that set and plug it in: ${drives.join(', ')}. To take the move back: rotation.sets in /etc/extbackup/config.yaml`,
});
