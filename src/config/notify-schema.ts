import * as z from 'zod';
import { apprise, gotify, ntfy, ping, webhook } from './http-channel-schema.ts';
import { signal } from './signal-schema.ts';
import { absolutePath, argument } from './values.ts';
import { common, secretFile } from './channel-values.ts';

export { notifyEvents, priorities, type NotifyEvent, type Priority } from './channel-values.ts';

const commandChannel = z.strictObject({
  type: z.literal('command'),
  command: absolutePath.describe(
    'absolute path of the program; it gets the notice as one JSON object on standard input',
  ),
  args: z.array(argument).default([]).describe('its arguments'),
  ...common,
});

/** One line: a second one would be another header of the mail, or another command to its server. */
const addresses = z
  .string()
  .min(3)
  .regex(/^[^\p{Cc}]*$/u, 'must be one line')
  .regex(/^(?:"[^"]*"|[\s,<>])*[^\s,"<>]/, 'must have an address');

const mailChannel = z.strictObject({
  type: z.literal('mail'),
  to: addresses.describe('addresses of the recipients, separated by commas; a name such as root, too'),
  from: addresses.describe('address of the sender'),
  host: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9.:-]*$/, 'must be the name or address of a machine')
    .default('localhost')
    .describe('the mail server'),
  port: z.int().min(1).max(65535).default(25).describe('its port'),
  tls: z
    .enum(['never', 'opportunistic', 'required', 'implicit'])
    .default('opportunistic')
    .describe('never, opportunistic, required, or implicit (port 465)'),
  caFile: absolutePath
    .optional()
    .describe('file with a certificate authority of your own; only its certificates are accepted then'),
  user: z
    .string()
    .regex(/^[^\p{Cc}]+$/u, 'must be one line')
    .optional()
    .describe('login name, for a server that needs a login'),
  passwordFile: secretFile.optional().describe('file with the password of the login'),
  ...common,
});

/** One entry of `notify:`. */
export const notifyChannel = z.discriminatedUnion('type', [
  commandChannel,
  mailChannel,
  ntfy,
  webhook,
  ping,
  apprise,
  gotify,
  signal,
]);
export type CommandChannel = z.infer<typeof commandChannel>;
export type MailChannel = z.infer<typeof mailChannel>;
