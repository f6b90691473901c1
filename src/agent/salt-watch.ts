import type { Bus } from '../bus/bus.ts';
import { readReminders, writeReminders } from '../records/reminders.ts';
import { saltCopyState, noSaltCopy } from '../records/salt-copy.ts';
import { files, type Paths } from '../system/paths.ts';

const dayMs = 24 * 3_600_000;
/** No reminder in the first day: the set-up has just printed it. */
const graceMs = dayMs;
const tellAgainAfterMs = 7 * dayMs;
const topic = 'salt copy';

/**
 * Makes a check that reminds the operator once a week if no copy of the salt is known: without a copy, every disk is
 * lost together with the station.
 */
export function createSaltWatch(bus: Bus, paths: Paths, now: () => Date): () => Promise<void> {
  const file = files.reminders(paths);
  return async () => {
    const [found, before] = [await saltCopyState(paths), await readReminders(file)];
    const { [topic]: earlier, ...others } = before.seen;
    if (found === 'confirmed' || found === 'no-salt') {
      await writeReminders(file, before, { ...before, seen: others });
      if (earlier !== undefined) bus.emit('warning:settled', { topic });
      return;
    }
    const time = now();
    const since = earlier?.since ?? time.toISOString();
    const isDue =
      earlier?.told === undefined ? isPast(since, graceMs, time) : isPast(earlier.told, tellAgainAfterMs, time);
    const told = isDue ? time.toISOString() : earlier?.told;
    // Remember first, then report: a full disk must not lead to a message every hour.
    await writeReminders(file, before, {
      ...before,
      seen: { ...others, [topic]: { since, ...(told !== undefined && { told }) } },
    });
    if (!isDue) return;
    const { happened, todo } = noSaltCopy(found);
    bus.emit('warning:raised', { about: 'salt', reason: happened, todo, topic });
  };
}

/** A time in the future comes from a wrong clock: it counts as long past. */
const isPast = (at: string, span: number, now: Date): boolean => {
  const age = now.getTime() - Date.parse(at);
  return age >= span || age < 0;
};
