import { z } from 'zod';
import { noticeSchema } from '../src/notify/notice-schema.ts';

/** The JSON Schema of a notice, as the package installs it. */
export const noticeJsonSchema = (): string =>
  `${JSON.stringify({ title: 'A notice of extbackup', ...z.toJSONSchema(noticeSchema) }, undefined, 2)}\n`;
