import { open, rename, rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { openPlainFile } from '../system/filesystem.ts';

/**
 * File on the disk with what each file of the mirror must contain, one JSON object in a line, in the order of
 * {@link comparePaths}. It stays on the disk: it names files.
 */
export const checksumFile = '.extbackup/checksums.jsonl';

const entrySchema = z.object({
  /** Below the mirror; each byte of the name as one character, because names need not be UTF-8. */
  path: z.string().min(1),
  size: z.number().nonnegative(),
  /** Time of the last change in nanoseconds; with another time or size it is another content. */
  mtimeNs: z.string(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

export type ChecksumEntry = z.infer<typeof entrySchema>;

/** Orders paths as the walk through a tree meets them: name by name, by bytes. */
export function comparePaths(a: string, b: string): number {
  const [left, right] = [a.split('/'), b.split('/')];
  for (const [index, name] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    if (name !== other) return name < other ? -1 : 1;
  }
  return left.length - right.length;
}

/** The entries of a checksum file; none when it does not exist. A damaged line, or one out of order, is left out. */
export async function* readChecksums(file: string): AsyncGenerator<ChecksumEntry> {
  const handle = await openPlainFile(file);
  if (handle === undefined) return;
  let last = '';
  for await (const line of createInterface({ input: handle.createReadStream({ encoding: 'utf8' }), crlfDelay: Infinity })) {
    const entry = parse(line);
    if (entry === undefined || (last !== '' && comparePaths(last, entry.path) >= 0)) continue;
    last = entry.path;
    yield entry;
  }
}

/** Writes a new checksum file beside the old one, which it replaces only when it is whole. */
export interface ChecksumWriter {
  add(entry: ChecksumEntry): Promise<void>;
  /** Puts the new file in the place of the old one. */
  finish(): Promise<void>;
  /** Drops the new file. */
  abandon(): Promise<void>;
}

export async function createChecksumWriter(file: string): Promise<ChecksumWriter> {
  const temporary = `${file}.new`;
  await rm(temporary, { force: true }); // never write through a link that somebody put there
  const handle = await open(temporary, 'wx', 0o600);
  let pending = '';
  const flush = async (): Promise<void> => {
    await handle.writeFile(pending);
    pending = '';
  };
  return {
    add: async (entry) => {
      pending += `${JSON.stringify(entry)}\n`;
      if (pending.length > 256 * 1024) await flush();
    },
    finish: async () => {
      await flush();
      await handle.sync();
      await handle.close();
      await rename(temporary, file);
    },
    abandon: async () => {
      await handle.close();
      await rm(temporary, { force: true });
    },
  };
}

function parse(line: string): ChecksumEntry | undefined {
  try {
    return entrySchema.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}
