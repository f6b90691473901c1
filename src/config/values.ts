import ms from 'ms';
import { z } from 'zod';

export const duration = z
  .string()
  .regex(/^\d+(\.\d+)?\s*(s|m|h|d|w)$/, 'must be a number with a unit: 90s, 20m, 12h, 6d, 2w')
  .transform((text) => ms(text as ms.StringValue));

export const share = z
  .string()
  .regex(/^\d{1,3}(\.\d+)?\s*%$/, 'must be a share such as 10%')
  .transform((text) => Number.parseFloat(text) / 100);

export const absolutePath = z.string().regex(/^\/[^\0\s]*$/, 'must be an absolute path without white space');
