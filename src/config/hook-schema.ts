import { z } from 'zod';
import { absolutePath, argument, timeout } from './values.ts';

/** Where in a run a hook is started. mount stands for opening and mounting, close for unmounting and closing. */
const hookPoints = z.enum(['before-mount', 'after-mount', 'before-sync', 'after-sync', 'before-close', 'after-close']);
export type HookPoint = z.infer<typeof hookPoints>;

/** One entry of `hooks:`. */
export const hook = z.strictObject({
  when: hookPoints,
  command: absolutePath.describe('program to start; without a shell, as root, see extbackup(8), HOOKS'),
  args: z.array(argument).default([]),
  timeout: timeout.prefault('5m').describe('then it is ended, and has failed'),
});
export type Hook = z.infer<typeof hook>;
