import * as z from 'zod';
import { absolutePath, argument, timeout } from './values.ts';

/** The points of a run at which hooks start. mount includes opening, close includes unmounting. */
const hookPoints = z.enum(['before-mount', 'after-mount', 'before-sync', 'after-sync', 'before-close', 'after-close']);
export type HookPoint = z.infer<typeof hookPoints>;

/** One entry of `hooks:`. */
export const hook = z.strictObject({
  when: hookPoints.describe('the point of the run at which it starts'),
  command: absolutePath.describe('absolute path of the program'),
  args: z.array(argument).default([]).describe('its arguments'),
  timeout: timeout.prefault('5m').describe('a hook that takes longer is stopped, and counts as failed'),
});
export type Hook = z.infer<typeof hook>;
