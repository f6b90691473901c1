/** The parts of every entry of `notify:`. */
import * as z from 'zod';
import { absolutePath, timeout } from './values.ts';

/** The kinds of news. */
export const notifyEvents = z.enum([
  'started',
  'success',
  'failure',
  'held',
  'refusal',
  'waiting',
  'warning',
  'overdue',
  'report',
]);

/** A kind of news that a channel can get. */
export type NotifyEvent = z.infer<typeof notifyEvents>;

/** The urgency of news, the lowest first. */
export const priorities = z.enum(['low', 'normal', 'high', 'urgent']);
export type Priority = z.infer<typeof priorities>;

const timeOfDay = '([01]\\d|2[0-3]):[0-5]\\d';

/** Hours of the station's local time, for example 22:00-07:00. */
export const quiet = z
  .string()
  .regex(new RegExp(`^${timeOfDay}-${timeOfDay}$`), 'must be two times of day: 22:00-07:00')
  .refine((text) => text.slice(0, 5) !== text.slice(6), 'must not begin and end at the same time');

/** A file that holds a secret. */
export const secretFile = z
  .union([absolutePath, z.string().regex(/^credential:[A-Za-z0-9_.-]+$/)], {
    error: 'must be an absolute path, or credential:NAME',
  })
  .describe(
    'file with a secret: owner root, mode 0600; or credential:NAME, a credential that systemd gives extbackup-courier@.service',
  );

/** Setting `name` of a channel. */
export const channelLabel = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,39}$/, 'must be letters, digits, dots and dashes, at most 40')
  .optional()
  .describe('its name in status, doctor and notify test');

/** Settings of every channel that sends notices. */
export const common = {
  name: channelLabel,
  timeout: timeout.prefault('30s').describe('time limit for one delivery'),
  events: z
    .array(notifyEvents)
    .optional()
    .describe('the kinds of notices that this channel gets; without it, all but started'),
  held: z.boolean().default(true).describe('this channel gets held even if events does not list it'),
  atLeast: priorities
    .default('low')
    .describe('the lowest priority that this channel gets: low, normal, high or urgent'),
  quiet: quiet
    .optional()
    .describe('hours during which success and overdue wait, in local time, for example 22:00-07:00'),
};
