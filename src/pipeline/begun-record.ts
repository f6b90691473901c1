import * as z from 'zod';

/** The content of the mark on the disk; see begun-mark.ts. */
export const markSchema = z.object({
  version: z.literal(1),
  id: z.string().regex(/^[A-Za-z0-9-]{1,64}$/),
  startedAt: z.iso.datetime(),
  /** Missing during the run, and after a run that was cut off. */
  endedAt: z.iso.datetime().optional(),
});

/** The disk's own record of a run that began. */
export type BegunMark = Omit<z.infer<typeof markSchema>, 'version'>;
