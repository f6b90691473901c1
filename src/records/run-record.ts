import * as z from 'zod';

const sourceRunSchema = z.object({
  name: z.string(),
  outcome: z.enum(['success', 'gaps', 'held', 'failure', 'skipped']),
  code: z.string().nullable(),
  message: z.string(),
  filesTotal: z.number().nullable(),
  filesTransferred: z.number().nullable(),
  filesDeleted: z.number().nullable(),
  bytesTotal: z.number().nullable(),
  bytesTransferred: z.number().nullable(),
  bytesReceived: z.number().nullable(),
});

/** One of several sources in {@link RunRecord}. */
export type SourceRun = z.infer<typeof sourceRunSchema>;

/** One line of `/var/lib/extbackup/runs.jsonl`, and of `extbackup history --json`. No file name. */
export const runRecordSchema = z.object({
  id: z.string(),
  drive: z.string(),
  trigger: z.string(),
  startedAt: z.string(),
  endedAt: z.string(),
  outcome: z.enum(['success', 'gaps', 'failure', 'held', 'cancelled']),
  exitCode: z.int(),
  code: z.string().nullable(),
  message: z.string(),
  released: z.boolean(),
  /** The disk was pulled out before the end: nothing can be said about unplugging it. */
  pulledOut: z.boolean().default(false),
  filesTotal: z.number().nullable().default(null),
  filesTransferred: z.number().nullable().default(null),
  filesDeleted: z.number().nullable().default(null),
  bytesTotal: z.number().nullable().default(null),
  bytesTransferred: z.number().nullable().default(null),
  bytesReceived: z.number().nullable().default(null),
  /** The result of reading back after the pull; null if nothing was read. */
  verified: z.object({ files: z.number(), bytes: z.number(), damaged: z.number() }).nullable().default(null),
  /** Commands to the disk that failed. */
  mediaErrors: z.number().default(0),
  tookMs: z.number(),
  /**
   * Number of the disk's newest history entry at the start of the run: its own entries are later. null if it ended
   * earlier.
   */
  historyNumber: z.int().nullable().default(null),
  /** Where the settings have several sources: how each of them went. */
  sources: z.array(sourceRunSchema).optional(),
});

export type RunRecord = z.infer<typeof runRecordSchema>;
