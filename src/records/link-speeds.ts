import * as z from 'zod';
import type { KnownLink } from '../rsync/compression.ts';
import { writeAtomically } from '../system/atomic-file.ts';
import { readJson } from '../system/read-json.ts';

const timed = z.iso.datetime();
const linkSchema = z.object({
  bytesPerSecond: z.number().positive().optional(),
  measuredAt: timed.optional(),
  /** When the server refused to compress. */
  refusedAt: timed.optional(),
});
const linksSchema = z.object({ version: z.literal(1), links: z.record(z.string(), linkSchema) });

/** The speed of the link to each server, by `USER@HOST`, with the address if it has several. */
export interface LinkSpeeds {
  known(server: string): Promise<KnownLink>;
  /** Only what is new replaces what was known. @throws when the file cannot be written */
  note(server: string, news: KnownLink): Promise<void>;
}

/** Servers and links change: what is older counts as unknown. */
const keptForMs = 90 * 24 * 3_600_000;

/** {@link LinkSpeeds} in a file; a damaged one counts as empty. */
export function createLinkSpeeds(file: string, now: () => Date = () => new Date()): LinkSpeeds {
  const read = async (): Promise<z.infer<typeof linksSchema>['links']> =>
    (await readJson(linksSchema, file))?.links ?? {};
  const isFresh = (at: string | undefined): boolean =>
    at !== undefined && Math.abs(now().getTime() - Date.parse(at)) < keptForMs;
  return {
    known: async (server) => {
      const { bytesPerSecond, measuredAt, refusedAt } = (await read())[server] ?? {};
      return { ...(isFresh(measuredAt) && { bytesPerSecond }), refused: isFresh(refusedAt) };
    },
    note: async (server, { bytesPerSecond, refused = false }) => {
      if (bytesPerSecond === undefined && !refused) return;
      const links = await read();
      const at = now().toISOString();
      const link = {
        ...links[server],
        ...(bytesPerSecond !== undefined && { bytesPerSecond, measuredAt: at }),
        ...(refused && { refusedAt: at }),
      };
      await writeAtomically(file, `${JSON.stringify({ version: 1, links: { ...links, [server]: link } })}\n`, true);
    },
  };
}
