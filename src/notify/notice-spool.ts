/** Notices for a channel, kept in files until they are delivered: none is lost when the agent is killed. */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import * as z from 'zod';
import { notifyEvents, priorities } from '../config/notify-schema.ts';
import type { Notice } from './channel.ts';
import { writeNewFile } from '../system/new-file.ts';
import { readJson } from '../system/read-json.ts';
import { languages } from '../words/languages.ts';
import { urgency } from './priority.ts';

/** Removes one notice; never throws. */
export type Forget = () => Promise<void>;

/** A notice of a former agent that was not delivered. */
export interface Leftover {
  /** As given to {@link NoticeSpool.keep}. */
  readonly channel: string;
  readonly notice: Notice;
  readonly forget: Forget;
}

export interface NoticeSpool {
  /** Keeps a notice until it is removed. A notice that cannot be kept, as on a full disk, is delivered anyway. */
  keep(channel: string, notice: Notice): Promise<Forget>;
  /**
   * Notices that were kept and not removed, the oldest first. Deletes incomplete ones and, if there are too many, the
   * least urgent. None is deleted by age: a clock that jumps makes everything old.
   */
  leftovers(): Promise<Leftover[]>;
}

const mostKept = 200;
const largestBytes = 65_536;

const keptSchema = z.object({
  version: z.literal(1),
  channel: z.string(),
  notice: z.looseObject({
    id: z.string(),
    kind: notifyEvents,
    priority: priorities.default('normal'), // one of an agent before there were any
    at: z.iso.datetime(),
    station: z.string(),
    drive: z.string().optional(),
    language: z.enum(languages).default('en'), // one of an agent before there were several
    subject: z.string(),
    text: z.string(),
    event: z.string(),
    payload: z.looseObject({}),
  }),
});

/**
 * {@link NoticeSpool} in a directory of mode 0700.
 * @param onTrouble called when a notice cannot be kept; must not throw
 */
export function createNoticeSpool(directory: string, onTrouble: (error: unknown) => void): NoticeSpool {
  let count = 0;
  const forgetter =
    (file: string): Forget =>
    () =>
      rm(file, { force: true }).catch(onTrouble);
  return {
    keep: async (channel, notice) => {
      // Names sort by age; one agent at a time writes here.
      const file = `${directory}/${String(Date.now()).padStart(15, '0')}-${String((count += 1)).padStart(6, '0')}-${randomUUID()}.json`;
      try {
        await mkdir(directory, { recursive: true, mode: 0o700 });
        await writeNewFile(file, JSON.stringify({ version: 1, channel, notice }));
      } catch (error) {
        onTrouble(error);
      }
      return forgetter(file);
    },
    leftovers: async () => {
      try {
        const found: Leftover[] = [];
        for (const name of (await readdir(directory)).sort()) {
          const forget = forgetter(`${directory}/${name}`);
          const kept = await readKept(`${directory}/${name}`);
          if (kept === undefined) await forget();
          else found.push({ ...kept, forget });
        }
        const excess = new Set(leastUrgent(found).slice(0, Math.max(0, found.length - mostKept)));
        for (const { forget } of excess) await forget();
        return found.filter((one) => !excess.has(one));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') onTrouble(error);
        return [];
      }
    },
  };
}

/** The least urgent first, then the oldest. */
const leastUrgent = (found: readonly Leftover[]): Leftover[] =>
  [...found].sort((one, other) => urgency(one.notice.priority) - urgency(other.notice.priority));

/** Keeps nothing: for a caller without a directory. */
export const noSpool: NoticeSpool = {
  keep: () => Promise.resolve(() => Promise.resolve()),
  leftovers: () => Promise.resolve([]),
};

/** @returns undefined for any other file */
async function readKept(file: string): Promise<{ channel: string; notice: Notice } | undefined> {
  try {
    const about = await stat(file);
    if (!about.isFile() || about.size > largestBytes) return undefined;
    const kept = await readJson(keptSchema, file);
    return kept && { channel: kept.channel, notice: kept.notice as unknown as Notice };
  } catch {
    return undefined;
  }
}
