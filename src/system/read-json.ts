import type * as z from 'zod';
import { readIfThere } from './atomic-file.ts';
import { parseJson } from './parse-json.ts';
import { readSmallFile } from './plain-file.ts';

/** Reads a JSON file of the station; undefined when it is missing, unreadable, torn, or of another shape. */
export async function readJson<Schema extends z.ZodType>(
  schema: Schema,
  file: string,
): Promise<z.output<Schema> | undefined> {
  return parseJson(schema, await readIfThere(file).catch(() => undefined));
}

/** {@link readJson} for a file inside a disk: undefined also for a link, a pipe, and more than `limit` bytes. */
export async function readJsonInside<Schema extends z.ZodType>(
  schema: Schema,
  file: string,
  limit?: number,
): Promise<z.output<Schema> | undefined> {
  return parseJson(schema, await readSmallFile(file, limit).catch(() => undefined));
}
