import type { NotifyEvent, Priority } from '../config/notify-schema.ts';

/** The usual priority of each kind of news; DO NOT UNPLUG is always urgent. */
export const usualPriority: Readonly<Record<NotifyEvent | 'test', Priority>> = {
  test: 'low',
  started: 'low',
  success: 'low',
  report: 'low',
  waiting: 'normal',
  warning: 'normal',
  refusal: 'normal',
  overdue: 'high',
  failure: 'high',
  held: 'urgent',
};

const order: readonly Priority[] = ['low', 'normal', 'high', 'urgent'];

/** A number that grows with the priority. */
export const urgency = (priority: Priority): number => order.indexOf(priority);

/** Whether news is urgent enough for a channel. */
const isAtLeast = (priority: Priority, least: Priority): boolean => urgency(priority) >= urgency(least);

/** The settings of a channel that select its notices. */
export interface Wishes {
  readonly events?: readonly NotifyEvent[] | undefined;
  /** Whether held runs are reported even if `events` does not list them; true by default. */
  readonly held?: boolean | undefined;
  readonly atLeast?: Priority | undefined;
}

/** Whether a channel gets a notice. A held run needs an answer, so a list of kinds cannot drop it by oversight. */
export function isWanted(
  { kind, priority }: { readonly kind: NotifyEvent | 'test'; readonly priority: Priority },
  { events, held = true, atLeast = 'low' }: Wishes,
): boolean {
  if (kind === 'test') return true;
  if (kind === 'held' && held) return true;
  return isAtLeast(priority, atLeast) && (events === undefined ? kind !== 'started' : events.includes(kind));
}
