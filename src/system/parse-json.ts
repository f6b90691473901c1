import type { z } from 'zod';

/**
 * Reads JSON of this shape. A file may be torn by a power cut, or written by somebody else.
 * @returns undefined when there is no text, it is no JSON, or it has another shape
 */
export function parseJson<Schema extends z.ZodType>(
  schema: Schema,
  text: string | undefined,
): z.output<Schema> | undefined {
  return schema.safeParse(jsonOf(text ?? '')).data;
}

/** Any JSON; undefined when the text is none. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
