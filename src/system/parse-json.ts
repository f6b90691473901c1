import type * as z from 'zod';

/**
 * Reads JSON of this shape. A file may be torn by a power cut, or written by another program.
 * @returns undefined without a text, for invalid JSON, and for another shape
 */
export function parseJson<Schema extends z.ZodType>(
  schema: Schema,
  text: string | undefined,
): z.output<Schema> | undefined {
  return schema.safeParse(jsonOf(text ?? '')).data;
}

/** Any JSON; undefined for an invalid text. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
