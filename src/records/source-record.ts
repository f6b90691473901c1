import * as z from 'zod';
import { recentRunsSchema } from '../guard/recent-runs.ts';

const time = z.iso.datetime().nullable().default(null);

const shape = {
  /** End of its last complete pull to the disk. */
  lastSuccess: time,
  /** Outcome of its last pull: the error's code, or null after a good one. */
  lastError: z.string().nullable().default(null),
  /** Of its last complete pull. */
  filesTotal: z.number().nonnegative().default(0),
  bytesTotal: z.number().nonnegative().default(0),
  /** The last complete pulls. */
  recent: recentRunsSchema.optional(),
};

/** The registry's record of one of several sources on a disk. */
export type SourceRecord = z.infer<z.ZodObject<typeof shape>>;
export const sourceRecordSchema: z.ZodType<SourceRecord> = z.looseObject(shape);

/** The state of each source on a disk, for the status. */
export const sourcesOfDisk = ({
  sources,
}: {
  readonly sources?: Readonly<Record<string, SourceRecord>> | undefined;
}): { readonly sources?: { name: string; lastSuccess: string | null; lastError: string | null }[] } =>
  sources === undefined
    ? {}
    : {
        sources: Object.entries(sources).map(([name, { lastSuccess, lastError }]) => ({
          name,
          lastSuccess,
          lastError,
        })),
      };
