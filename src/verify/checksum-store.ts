import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import * as z from 'zod';
import { parseJson } from '../system/parse-json.ts';
import { openPlainFile } from '../system/plain-file.ts';
import { readJsonInside } from '../system/read-json.ts';
import { ownDirectory } from '../disk/own-directory.ts';
import { comparePaths, entrySchema, type ChecksumEntry } from './checksum-entry.ts';
import { writeNewFile } from '../system/new-file.ts';

/** Directory on the disk with the checksums of the mirror's files. It stays on the disk, because it names files. */
export const checksumDirectory = '.extbackup/checksums';

/** Entries held in memory at a time: about a megabyte. */
export const segmentEntries = 5_000;

const indexSchema = z.object({
  version: z.literal(1),
  /** Number of the newest file. */
  serial: z.int().nonnegative(),
  /** In the order of {@link comparePaths}; each segment reaches to the next. null is an empty one. */
  segments: z.array(
    z.object({
      from: z.string(),
      file: z
        .string()
        .regex(/^\d{8}\.jsonl$/)
        .nullable(),
    }),
  ),
});
type Index = z.infer<typeof indexSchema>;

/**
 * Checksums in segments, each a stretch of the walk through the tree, so that a verification of a part reads and writes
 * only that part. A file with a segment is never changed; the index, replaced atomically, lists the segments in use.
 */
export interface ChecksumStore {
  /** The entry of a piece. Fast for keys in order. */
  find(key: string): Promise<ChecksumEntry | undefined>;
  /** Replaces all entries from `from` up to, but not including, `to`; undefined is the end. */
  replace(from: string, to: string | undefined, entries: readonly ChecksumEntry[]): Promise<void>;
  /** Adds entries, in any order; entries with the same keys are replaced, all others stay. */
  add(entries: readonly ChecksumEntry[]): Promise<void>;
}

/** Opens the checksums of an opened disk; unreadable parts count as missing. */
export async function openChecksums(top: string): Promise<ChecksumStore> {
  const directory = await ownDirectory(top, checksumDirectory);
  let index = await readIndex(directory);
  await removeOthers(directory, index);
  let loaded:
    { readonly at: number; readonly index: Index; readonly entries: ReadonlyMap<string, ChecksumEntry> } | undefined;
  const replace: ChecksumStore['replace'] = async (from, to, entries) => {
    const serial = index.serial + 1;
    const file = entries.length === 0 ? null : `${String(serial).padStart(8, '0')}.jsonl`;
    if (file !== null)
      await writeDurably(join(directory, file), entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
    index = { version: 1, serial, segments: withRange(index, from, to, file) };
    await writeDurably(join(directory, 'index.json.new'), JSON.stringify(index));
    await rename(join(directory, 'index.json.new'), join(directory, 'index.json'));
    await removeOthers(directory, index);
  };
  return {
    replace,
    add: async (entries) => {
      let rest = entries.toSorted((a, b) => comparePaths(a.path, b.path));
      for (let [first] = rest; first !== undefined; [first] = rest) {
        const at = segmentOf(index, first.path);
        const end = index.segments[at + 1]?.from;
        const here = rest.filter(({ path }) => end === undefined || comparePaths(path, end) < 0);
        rest = rest.slice(here.length);
        const all = new Map([
          ...(await load(directory, index, at)),
          ...here.map((entry): [string, ChecksumEntry] => [entry.path, entry]),
        ]);
        const sorted = [...all.values()].sort((a, b) => comparePaths(a.path, b.path));
        let from = index.segments[at]?.from ?? '';
        for (let start = 0; start < sorted.length; start += segmentEntries) {
          const to = sorted[start + segmentEntries]?.path ?? end;
          await replace(from, to, sorted.slice(start, start + segmentEntries));
          from = to ?? from;
        }
      }
    },
    find: async (key) => {
      const at = segmentOf(index, key);
      if (loaded?.index !== index || loaded.at !== at)
        loaded = { at, index, entries: await load(directory, index, at) };
      return loaded.entries.get(key);
    },
  };
}

/** The segments with a new one in a range; segments that reach out of the range keep their outer parts. */
function withRange({ segments }: Index, from: string, to: string | undefined, file: string | null): Index['segments'] {
  const before = segments.filter((segment) => comparePaths(segment.from, from) < 0);
  const first = before.length === 0 && from !== '' ? [{ from: '', file: null }] : before;
  if (to === undefined) return [...first, { from, file }];
  const after = segments.filter((segment) => comparePaths(segment.from, to) >= 0);
  const reaching = segments.findLast((segment) => comparePaths(segment.from, to) <= 0);
  const rest = after[0]?.from === to ? [] : [{ from: to, file: reaching?.file ?? null }];
  return [...first, { from, file }, ...rest, ...after];
}

/** Number of the segment that a key belongs to; -1 when there is none. */
function segmentOf({ segments }: Index, key: string): number {
  let [low, high] = [0, segments.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (comparePaths(segments[middle]?.from ?? '', key) <= 0) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Leaves out damaged lines; empty when the disk cannot read it. Files without an entry are read as new ones. */
async function load(directory: string, { segments }: Index, at: number): Promise<ReadonlyMap<string, ChecksumEntry>> {
  const entries = new Map<string, ChecksumEntry>();
  const [segment, next] = [segments[at], segments[at + 1]];
  if (segment?.file == null) return entries;
  try {
    const handle = await openPlainFile(join(directory, segment.file));
    if (handle === undefined) return entries;
    for await (const line of createInterface({
      input: handle.createReadStream({ encoding: 'utf8' }),
      crlfDelay: Infinity,
    })) {
      const entry = parseJson(entrySchema, line);
      if (
        entry === undefined ||
        comparePaths(entry.path, segment.from) < 0 ||
        (next && comparePaths(entry.path, next.from) >= 0)
      )
        continue;
      entries.set(entry.path, entry);
    }
  } catch {
    entries.clear();
  }
  return entries;
}

async function readIndex(directory: string): Promise<Index> {
  const index = await readJsonInside(indexSchema, join(directory, 'index.json'), 64 * 1024 * 1024);
  // the serial: not the name of an existing file
  return index ?? { version: 1, serial: Math.floor(Date.now() / 1000) % 90_000_000, segments: [] };
}

/** Removes files that the index does not list: replaced segments, and leftovers of a power cut. */
async function removeOthers(directory: string, { segments }: Index): Promise<void> {
  const used = new Set(['index.json', ...segments.map(({ file }) => file)]);
  for (const name of await readdir(directory))
    if (!used.has(name)) await rm(join(directory, name), { force: true, recursive: true });
}

/** Never through a planted link. */
async function writeDurably(file: string, content: string): Promise<void> {
  await rm(file, { force: true, recursive: true });
  await writeNewFile(file, content);
}
