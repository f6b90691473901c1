import type { Guard } from '../guard/guard.ts';
import type { PullOrder } from '../rsync/order.ts';
import type { Job } from './job.ts';
import type { Machine } from './machine.ts';

/** Each rsync gets an entry of its own, so that a second one never replaces files that the first one kept. */
export async function keeping(job: Job, machine: Machine, guard: Guard): Promise<Pick<PullOrder, 'history'>> {
  if (!job.config.history.enabled) return {};
  const history = await machine.newHistory(job.time);
  guard.kept.push(history);
  return { history };
}
