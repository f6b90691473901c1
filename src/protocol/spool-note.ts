import * as z from 'zod';
import { parseJson } from '../system/parse-json.ts';

/** One small file in the spool. Its name is the message; only requests have a content. */
export type SpoolNote =
  | {
      readonly kind: 'udev';
      readonly action: 'add' | 'change' | 'remove';
      readonly diskseq?: number;
      readonly device: string;
    }
  | { readonly kind: 'nudge'; readonly about: 'key' | 'drive' }
  | { readonly kind: 'restart' }
  | { readonly kind: 'request'; readonly request: SpoolRequest };

const id = z.string().regex(/^[A-Za-z0-9-]{4,64}$/);

/** A request of the CLI, cron or the timer to the agent. */
export const requestSchema = z.discriminatedUnion('kind', [
  z.object({
    version: z.literal(1),
    kind: z.literal('run'),
    id,
    drive: z.string().max(64).nullable(),
    scheduled: z.boolean(),
  }),
  z.object({
    version: z.literal(1),
    kind: z.literal('cancel'),
    id,
    drive: z.string().max(64).nullish(),
    scheduled: z.boolean().optional(),
  }),
  z.object({
    version: z.literal(1),
    kind: z.literal('release'),
    id,
    drive: z.string().max(64).nullish(),
    scheduled: z.boolean().optional(),
  }),
  z.object({ version: z.literal(1), kind: z.literal('cancel-runs'), id, drive: z.string().max(64).nullable() }),
]);
export type SpoolRequest = z.infer<typeof requestSchema>;

/** Largest request in bytes; a larger file is rejected. */
export const largestNote = 4_096;

const udevName = /^udev\.(add|change|remove)\.(\d{0,15})\.([a-z0-9!_-]{1,32})$/;

/**
 * Parses one file of the spool.
 * @param content undefined for a note without a content
 * @returns undefined for any other file, or an incomplete note
 */
export function parseSpoolNote(name: string, content: string): SpoolNote | undefined {
  const udev = udevName.exec(name);
  if (udev) {
    const [, action, diskseq, device] = udev;
    return {
      kind: 'udev',
      action: action as 'add' | 'change' | 'remove',
      device: device ?? '',
      ...(diskseq === undefined || diskseq === '' ? {} : { diskseq: Number(diskseq) }),
    };
  }
  const nudge = /^(key|drive)\.[a-z]{1,16}\.\d{1,10}$/.exec(name);
  if (nudge) return { kind: 'nudge', about: nudge[1] as 'key' | 'drive' };
  if (/^restart\.[a-z]{1,16}\.\d{1,10}$/.test(name)) return { kind: 'restart' };
  if (!/^request\.[A-Za-z0-9-]{4,64}\.json$/.test(name)) return undefined;
  return parseRequest(content);
}

function parseRequest(content: string): SpoolNote | undefined {
  const request = parseJson(requestSchema, content);
  return request && { kind: 'request', request };
}
