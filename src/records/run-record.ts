import { z } from 'zod';

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
  /** What was read back after the pull; null when nothing was. */
  verified: z.object({ files: z.number(), bytes: z.number(), damaged: z.number() }).nullable().default(null),
  /** Commands to the disk that failed. */
  mediaErrors: z.number().default(0),
  tookMs: z.number(),
  /** Number of the newest entry of the disk's history when it began: what it kept is later. null when it did not get there. */
  historyNumber: z.int().nullable().default(null),
  /** Where the settings have several sources: how each of them went. */
  sources: z.array(sourceRunSchema).optional(),
});

export type RunRecord = z.infer<typeof runRecordSchema>;
