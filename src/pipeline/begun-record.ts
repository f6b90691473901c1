import { z } from 'zod';

/** The content of the mark on the disk; see begun-mark.ts. */
export const markSchema = z.object({
  version: z.literal(1),
  id: z.string().regex(/^[A-Za-z0-9-]{1,64}$/),
  startedAt: z.iso.datetime(),
  /** Missing while it is going on, and after one that was cut off. */
  endedAt: z.iso.datetime().optional(),
});

/** A run that began on a disk, as the disk has it. */
export type BegunMark = Omit<z.infer<typeof markSchema>, 'version'>;
