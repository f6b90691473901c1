/** The channels that speak HTTP, and apprise. */
import * as z from 'zod';
import { common, notifyEvents, secretFile } from './channel-values.ts';
import { absolutePath } from './values.ts';

const webAddress = z
  .string()
  .refine((text) => isWebAddress(text), 'must be an address that begins with https:// or http://, without a user name');

function isWebAddress(text: string): boolean {
  if (!URL.canParse(text) || !/^[\x21-\x7e]+$/.test(text)) return false;
  const { protocol, username, password } = new URL(text);
  return (protocol === 'https:' || protocol === 'http:') && username === '' && password === '';
}

/** The connection to a server. */
const reach = {
  caFile: absolutePath
    .optional()
    .describe('file with a certificate authority of your own; only its certificates are accepted then'),
  proxy: webAddress.optional().describe('HTTP proxy, for example http://proxy.example.org:3128'),
};

/** A secret crosses no network in clear text. */
const needsTls = (address: string): boolean => {
  if (!isWebAddress(address)) return false;
  const { protocol, hostname } = new URL(address);
  return protocol === 'http:' && !['localhost', '127.0.0.1', '[::1]'].includes(hostname);
};
const noClearText = 'must be https if a secret is sent';

/** A server to whose address paths are added: behind `?` or `#` they would not be paths. */
const webServer = webAddress.regex(/^[^?#]*$/, 'must not contain ? or #');

const headerName = z
  .string()
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'must be a name of an HTTP header')
  .regex(
    /^(?!(?:connection|content-length|expect|host|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade)$)/i,
    'is a header of the connection itself',
  );
const headerValue = z.string().regex(/^[\x20-\x7e]*$/, 'must be one line of ASCII');

export const ntfy = z
  .strictObject({
    type: z.literal('ntfy'),
    server: webServer.default('https://ntfy.sh').describe('address of the server'),
    topic: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be letters, digits, _ and -, at most 64')
      .describe('the topic that phones subscribe to'),
    tokenFile: secretFile.optional().describe('file with the access token'),
    priority: z
      .int()
      .min(1)
      .max(5)
      .optional()
      .describe('priority of every message; without it, the priority of the notice'),
    tags: z
      .array(z.string().regex(/^[^,\s]+$/))
      .default([])
      .describe('tags of every message'),
    ...reach,
    ...common,
  })
  .refine(({ server, tokenFile }) => tokenFile === undefined || !needsTls(server), {
    path: ['server'],
    error: noClearText,
  });

export const webhook = z
  .strictObject({
    type: z.literal('webhook'),
    url: webAddress.describe('address that gets the notice as JSON by POST'),
    secretFile: secretFile.optional().describe('file with the key of the HMAC-SHA256 signature of the body'),
    signatureHeader: headerName.default('X-Extbackup-Signature').describe('header with the signature, sha256=HEX'),
    headers: z.record(headerName, headerValue).default({}).describe('more headers, without secrets'),
    headerFiles: z
      .record(headerName, secretFile)
      .default({})
      .describe('headers whose value is a secret, with the files that hold the values'),
    ...reach,
    ...common,
  })
  .refine(({ url, headerFiles }) => Object.keys(headerFiles).length === 0 || !needsTls(url), {
    path: ['url'],
    error: noClearText,
  });

const suffix = z.union([z.literal(false), z.string().regex(/^[\x21-\x7e]*$/)], {
  error: 'must be the end of an address, or false',
});

export const ping = z
  .strictObject({
    type: z.literal('ping'),
    url: webAddress.optional().describe('address that expects signs of life'),
    urlFile: secretFile.optional().describe('in place of url: file with the address, which is a secret'),
    start: suffix.default('/start').describe('added to the address when a run starts; false sends nothing'),
    success: suffix.default('').describe('added after a good run'),
    fail: suffix.default('/fail').describe('added after a failed, incomplete or held run, and for overdue'),
    log: suffix.default('/log').describe('added for other notices that events lists, and for notify test'),
    method: z.enum(['POST', 'GET']).default('POST').describe('POST or GET; POST sends the summary of the run'),
    ...reach,
    ...common,
    events: z
      .array(notifyEvents)
      .default(['started', 'success', 'failure', 'held'])
      .describe('the kinds of notices that this channel gets'),
  })
  .refine(({ url, urlFile }) => (url === undefined) !== (urlFile === undefined), {
    path: ['url'],
    error: 'is needed, or urlFile, not both',
  });

export const apprise = z.strictObject({
  type: z.literal('apprise'),
  // apprise reads it as an address: ? and # end the path, %41 is a letter, and a comma begins another address.
  config: absolutePath
    .regex(/^[^?#%,;&]*$/, 'must not contain ? # % & , or ;')
    .describe('configuration file of apprise, which names the services; owner root, mode 0600'),
  tags: z
    .array(z.string().regex(/^[^\s\0,-][^\s\0,]*$/, 'must be one tag, without a comma'))
    .default([])
    .describe('use only services with one of these tags'),
  ...reach,
  ...common,
});

export const gotify = z
  .strictObject({
    type: z.literal('gotify'),
    server: webServer.describe('address of the server'),
    tokenFile: secretFile.describe('file with the token of the application'),
    priority: z
      .int()
      .min(0)
      .max(10)
      .optional()
      .describe('priority of every message; without it, the priority of the notice'),
    ...reach,
    ...common,
  })
  .refine(({ server }) => !needsTls(server), { path: ['server'], error: noClearText });

export type NtfyChannel = z.infer<typeof ntfy>;
export type WebhookChannel = z.infer<typeof webhook>;
export type PingChannel = z.infer<typeof ping>;
export type AppriseChannel = z.infer<typeof apprise>;
export type GotifyChannel = z.infer<typeof gotify>;
