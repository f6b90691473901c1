import type { NotifyEvent, Priority } from '../config/notify-schema.ts';

/** How urgent news usually is; DO NOT UNPLUG is always urgent. */
export const usualPriority: Readonly<Record<NotifyEvent | 'test', Priority>> = {
  test: 'low',
  started: 'low',
  success: 'low',
  waiting: 'normal',
  warning: 'normal',
  refusal: 'normal',
  overdue: 'high',
  failure: 'high',
  held: 'urgent',
};

const order: readonly Priority[] = ['low', 'normal', 'high', 'urgent'];

/** Grows with what matters more. */
export const urgency = (priority: Priority): number => order.indexOf(priority);

/** Whether news is as urgent as a channel wants it. */
const isAtLeast = (priority: Priority, least: Priority): boolean => urgency(priority) >= urgency(least);

/** The settings of a channel that say what it wants to hear. */
export interface Wishes {
  readonly events?: readonly NotifyEvent[] | undefined;
  /** Whether a held run is told although `events` leaves it out; true when left out. */
  readonly held?: boolean | undefined;
  readonly atLeast?: Priority | undefined;
}

/** Whether a channel wants to hear of something. A held run asks a person, so that no list of kinds loses it by oversight. */
export function isWanted(
  { kind, priority }: { readonly kind: NotifyEvent | 'test'; readonly priority: Priority },
  { events, held = true, atLeast = 'low' }: Wishes,
): boolean {
  if (kind === 'test') return true;
  if (kind === 'held' && held) return true;
  return isAtLeast(priority, atLeast) && (events === undefined ? kind !== 'started' : events.includes(kind));
}
