import * as z from 'zod';

const ways = z.enum(['park', 'power-off', 'keep']);

/** What is done with a closed disk. */
export type ReleaseAfter = z.infer<typeof ways>;

/** Setting `release`. */
export const releaseSettings = z.strictObject({
  after: ways
    .default('park')
    .describe(
      'what a run does with its closed disk: park (spin it down, if it rotates and is on USB), keep (leave it as it is), or power-off ' +
        '(remove any disk on USB from the bus, too; it comes back when it is plugged in anew)',
    ),
});
