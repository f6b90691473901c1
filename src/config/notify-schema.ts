import { z } from 'zod';
import { absolutePath, timeout } from './values.ts';

/** The kinds of news. */
export const notifyEvents = z.enum(['success', 'failure', 'refusal', 'waiting', 'warning', 'overdue']);

/** What an entry of `notify:` can be told about. */
export type NotifyEvent = z.infer<typeof notifyEvents>;

const wanted = z.array(notifyEvents).optional().describe('which news this channel gets; all when left out');

const commandChannel = z.strictObject({
  type: z.literal('command'),
  command: absolutePath.describe('program to start; it gets the event as one JSON object on standard input'),
  args: z.array(z.string()).default([]),
  timeout: timeout.prefault('30s'),
  events: wanted,
});

const mailChannel = z.strictObject({
  type: z.literal('mail'),
  to: z.string().min(3),
  from: z.string().min(3),
  host: z.string().default('localhost'),
  port: z.int().min(1).max(65535).default(25),
  tls: z
    .enum(['never', 'opportunistic', 'required', 'implicit'])
    .default('opportunistic')
    .describe('implicit is port 465'),
  user: z.string().optional(),
  passwordFile: absolutePath.optional().describe('file with the SMTP password, mode 0600'),
  timeout: timeout.prefault('30s'),
  events: wanted,
});

/** One entry of `notify:`. */
export const notifyChannel = z.discriminatedUnion('type', [commandChannel, mailChannel]);
export type CommandChannel = z.infer<typeof commandChannel>;
export type MailChannel = z.infer<typeof mailChannel>;
