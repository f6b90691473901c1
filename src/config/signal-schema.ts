import * as z from 'zod';
import { channelLabel, quiet } from './channel-values.ts';

/** Sound and light at the station. */
export const signal = z.strictObject({
  type: z.literal('signal'),
  name: channelLabel,
  sound: z.boolean().default(true).describe('beep by the PC speaker and, with aplay installed, by the sound card'),
  lights: z
    .array(z.string().regex(/^[A-Za-z0-9:._*-]{1,64}$/, 'must be names of /sys/class/leds, with * for any letters'))
    .max(8, 'must have at most 8 entries')
    .default(['input*::scrolllock', 'input*::capslock', 'input*::numlock'])
    .describe('the lights in /sys/class/leds, with * for any letters; at most 8 lights are used'),
  quiet: quiet.optional().describe('hours without sound, except for DO NOT UNPLUG, in local time: 22:00-07:00'),
});
export type SignalChannel = z.infer<typeof signal>;
