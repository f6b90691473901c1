import ms from 'ms';
import * as z from 'zod';

/** A longer one is a typing mistake, and no timer can wait for it. */
const longestMs = 520 * 7 * 24 * 3_600_000;

/** A time span such as 12h, in milliseconds: at most 520w. */
export const duration = z
  .string()
  .regex(/^\d{1,9}(\.\d{1,3})?\s*(s|m|h|d|w)$/, 'must be a number with a unit: 90s, 20m, 12h, 6d, 2w')
  .transform((text) => ms(text as ms.StringValue))
  .refine((span) => span <= longestMs, 'must not be longer than 520w');

/** A {@link duration} for a timer: 0 makes no sense, and a timer of Node fires at once beyond 24.8 days. */
export const timeout = duration.refine(
  (span) => span >= ms('0.1s') && span <= ms('24d'),
  'must be at least 0.1s and at most 24d',
);

/** A {@link duration} after which something is late: 0 makes no sense. */
export const patience = duration.refine((span) => span >= ms('1s'), 'must be at least 1s');

/** A figure such as 250%, as a number: 2.5. */
export const percentage = z
  .string()
  .regex(/^\d{1,3}(\.\d+)?\s*%$/, 'must be a share such as 10%')
  .transform((text) => Number.parseFloat(text) / 100);

/** A {@link percentage} of a whole. */
export const share = percentage.refine((part) => part <= 1, 'must be at most 100%');

export const absolutePath = z.string().regex(/^\/[^\0\s]*$/, 'must be an absolute path without white space');

/** An absolute path for ssh, which gives a meaning to quotes, tokens (%h) and variables (${HOME}); see ssh_config(5). */
export const sshPath = absolutePath.regex(/^[^"'%$\\]*$/, 'must not contain quotes, %, $ or a backslash');

/** Of a program: the kernel ends it at a zero byte. */
export const argument = z.string().regex(/^[^\0]*$/, 'must not contain a zero byte');
