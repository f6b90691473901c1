import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type * as z from 'zod';
import { readIfThere, writeAtomically } from '../system/atomic-file.ts';
import { lockDirectory } from '../system/file-lock.ts';
import { parseJson } from '../system/parse-json.ts';

/** Records in a file of mode 0600, one JSON object a line, the newest last. */
export interface JsonLines<T> {
  /** Adds a record, durably, and drops the oldest ones from time to time. @throws Error of the file system */
  append(record: T): Promise<void>;
  /** Lines that are torn, or of another version, are left out. Throws only if the file cannot be read. */
  list(): Promise<T[]>;
}

/** How many lines are kept. The file is rewritten only when there are more than `trimmedAt`. */
export interface LineLimits {
  readonly kept: number;
  readonly trimmedAt: number;
  /** Several processes add records: a record that is added while another process drops old ones must stay. */
  readonly isShared?: boolean;
}

/** Another process adds its record in much less than a second. */
const patienceMs = 10_000;

export function openJsonLines<T>(
  file: string,
  schema: z.ZodType<T>,
  { kept, trimmedAt, isShared }: LineLimits,
): JsonLines<T> {
  const trim = async (): Promise<void> => {
    // unchanged: some lines may be from a newer version
    const lines = ((await readIfThere(file)) ?? '').split('\n').filter((line) => line !== '');
    if (lines.length <= trimmedAt) return;
    const last = lines.slice(-kept).map((line) => `${line}\n`);
    await writeAtomically(file, last.join(''), true);
  };
  return {
    list: async () => parseLines(schema, (await readIfThere(file)) ?? ''),
    append: async (record) => {
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      // The directory, because a lock of the file would stay with the old file. Without a lock, nothing is dropped.
      const lock =
        isShared === true ? await lockDirectory(dirname(file), patienceMs).catch(() => undefined) : undefined;
      try {
        await appendDurably(file, `${JSON.stringify(record)}\n`);
        if (isShared !== true || lock !== undefined) await trim();
      } finally {
        await lock?.release();
      }
    },
  };
}

/** A line that is no such record is left out: torn by a power cut, or written by a newer version. */
export function parseLines<T>(schema: z.ZodType<T>, text: string): T[] {
  return text.split('\n').flatMap((line) => parseJson(schema, line) ?? []);
}

/** Starts a line of its own even when a power cut tore the one before. */
async function appendDurably(file: string, line: string): Promise<void> {
  const handle = await open(file, 'a+', 0o600);
  try {
    const { size } = await handle.stat();
    const last = Buffer.alloc(1);
    const torn = size > 0 && (await handle.read(last, 0, 1, size - 1)).bytesRead === 1 && last.toString() !== '\n';
    await handle.appendFile(torn ? `\n${line}` : line);
    await handle.datasync();
  } finally {
    await handle.close();
  }
}
