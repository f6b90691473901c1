/** What every entry of `notify:` has. */
import { z } from 'zod';
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
]);

/** What an entry of `notify:` can be told about. */
export type NotifyEvent = z.infer<typeof notifyEvents>;

/** How urgent news is, least first. */
export const priorities = z.enum(['low', 'normal', 'high', 'urgent']);
export type Priority = z.infer<typeof priorities>;

const timeOfDay = '([01]\\d|2[0-3]):[0-5]\\d';

/** Hours of the station's local time, for example 22:00-07:00. */
const quiet = z
  .string()
  .regex(new RegExp(`^${timeOfDay}-${timeOfDay}$`), 'must be two times of day: 22:00-07:00')
  .refine((text) => text.slice(0, 5) !== text.slice(6), 'must not begin and end at the same time');

/** A file that holds a secret. */
export const secretFile = z
  .union([absolutePath, z.string().regex(/^credential:[A-Za-z0-9_.-]+$/)], {
    error: 'must be an absolute path, or credential:NAME',
  })
  .describe("root's, mode 0600; or credential:NAME, a credential that systemd gives extbackup-courier@.service");

/** Settings of every channel. */
export const common = {
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,39}$/, 'must be letters, digits, dots and dashes, at most 40')
    .optional()
    .describe('what status, doctor and `notify test` call it'),
  timeout: timeout.prefault('30s'),
  events: z
    .array(notifyEvents)
    .optional()
    .describe('which news this channel gets; all but started when left out; held comes in any case'),
  held: z.boolean().default(true).describe('false: this channel hears of a held run only where events has it'),
  atLeast: priorities.default('low').describe('news that is less urgent is left out'),
  quiet: quiet
    .optional()
    .describe('hours without success and overdue, which come afterwards; everything else is told at once'),
};
