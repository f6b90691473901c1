import { z } from 'zod';
import { notifyEvents, priorities } from '../config/notify-schema.ts';

/**
 * A notice as programs get it: on the standard input of a `command`, as the body of a `webhook`. The package installs it as
 * a JSON Schema, docs/events.md explains it. Only what is added keeps the version.
 */
export const noticeSchema = z.strictObject({
  version: z.literal(1),
  id: z.string().min(1).describe('the same for the same piece of news: what comes twice is told once'),
  kind: z.enum([...notifyEvents.options, 'test']).describe('what the settings call it in events'),
  priority: priorities.describe('how urgent it is; urgent: a held run, and DO NOT UNPLUG'),
  at: z.iso.datetime().describe('when it happened, in UTC'),
  station: z.string().describe('host name of the station'),
  drive: z.string().optional().describe('label of the disk, where it is about one'),
  subject: z.string().describe('one line'),
  text: z.string().describe('a few lines: what happened, what to do; no file name'),
  event: z.string().describe('the event behind it, for example run:succeeded; more may come'),
  payload: z.looseObject({}).describe('figures of that event; more fields may come'),
});
