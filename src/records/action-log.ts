import * as z from 'zod';
import type { Paths } from '../system/paths.ts';
import { files } from '../system/paths.ts';
import { openJsonLines, type JsonLines } from './json-lines.ts';

/** One line of `/var/lib/extbackup/actions.jsonl`: an action of a person on a disk. No file name. */
export const actionRecordSchema = z.object({
  /** ISO 8601, UTC. */
  at: z.iso.datetime(),
  kind: z.enum(['approval', 'rollback', 'restore', 'drill']),
  drive: z.string(),
  /** The account of the person. */
  by: z.string(),
  /** In one sentence, with counts; the reason of an approval. */
  result: z.string(),
});
export type ActionRecord = z.infer<typeof actionRecordSchema>;

/** The last 500 actions of people, the newest last. */
export const createActionLog = (paths: Paths): JsonLines<ActionRecord> =>
  openJsonLines(files.actions(paths), actionRecordSchema, { kept: 500, trimmedAt: 550, isShared: true });
