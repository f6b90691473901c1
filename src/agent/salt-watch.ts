import type { Bus } from '../bus/bus.ts';
import { readReminders, writeReminders } from '../records/reminders.ts';
import { lookAtSaltCopy, noSaltCopy } from '../records/salt-copy.ts';
import { files, type Paths } from '../system/paths.ts';

const dayMs = 24 * 3_600_000;
/** No reminder on a new station: its set-up has just said it. */
const graceMs = dayMs;
const tellAgainAfterMs = 7 * dayMs;
const topic = 'salt copy';

/**
 * Makes a check that tells, once a week, that no copy of the salt is known to exist: without one, every disk is lost when
 * the station is.
 */
export function createSaltWatch(bus: Bus, paths: Paths, now: () => Date): () => Promise<void> {
  const file = files.reminders(paths);
  return async () => {
    const [found, before] = [await lookAtSaltCopy(paths), await readReminders(file)];
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
    // Write it down before telling: otherwise a full disk would lead to a message every hour.
    await writeReminders(file, before, {
      ...before,
      seen: { ...others, [topic]: { since, ...(told !== undefined && { told }) } },
    });
    if (!isDue) return;
    const { happened, todo } = noSaltCopy(found);
    bus.emit('warning:raised', { reason: happened, todo, topic });
  };
}

/** A time in the future is a clock that was wrong: it counts as long past. */
const isPast = (at: string, span: number, now: Date): boolean => {
  const age = now.getTime() - Date.parse(at);
  return age >= span || age < 0;
};
