import * as z from 'zod';
import { languages } from '../words/languages.ts';
import { unplugs } from './channel.ts';
import { notifyEvents, priorities } from '../config/notify-schema.ts';

/**
 * A notice for programs: on the standard input of a `command`, as the body of a `webhook`. The package installs it as
 * a JSON Schema, docs/events.md explains it. Any change but a new field needs a new version.
 */
export const noticeSchema = z.strictObject({
  version: z.literal(1),
  id: z.string().min(1).describe('identifies the piece of news: a repeated delivery has the same id'),
  kind: z.enum([...notifyEvents.options, 'test']).describe('its name in the setting events'),
  priority: priorities.describe('how urgent it is; urgent: a held run, and DO NOT UNPLUG'),
  at: z.iso.datetime().describe('when it happened, in UTC'),
  station: z.string().describe('host name of the station'),
  drive: z.string().optional().describe('label of the disk, if it is about one'),
  language: z.enum(languages).describe('the language of subject and text'),
  unplug: z
    .enum(unplugs)
    .optional()
    .describe(
      'whether the disk may be unplugged: safe, no, leave (closed for now, goes on by itself), gone, unknown; ' +
        'absent when it is about no plugged disk',
    ),
  subject: z.string().describe('one line'),
  text: z.string().describe('a few lines: what happened, what to do; no file name'),
  event: z.string().describe('the event behind it, for example run:succeeded; new ones may be added'),
  payload: z.looseObject({}).describe('figures of that event; new fields may be added'),
});
