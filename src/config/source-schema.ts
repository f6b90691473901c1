import * as z from 'zod';
import { addressText } from './address.ts';
import { patience, percentage, share } from './values.ts';

/** `USER@HOST[:PATH]`; PATH is relative to the directory that the server's forced command allows. */
const sourcePattern = new RegExp(
  [
    /^(?<user>[A-Za-z_][A-Za-z0-9._-]{0,31})/,
    /@(?<host>\[[0-9a-fA-F:.]+(?:%[A-Za-z0-9._-]+)?\]|[A-Za-z0-9_][A-Za-z0-9._-]*)/,
    /(?::(?<path>[^\0\n]*))?$/,
  ]
    .map(({ source }) => source)
    .join(''),
);

/** An IPv6 address without brackets: its first colon would end the host. */
const bareIpv6 = /^[^@]+@(?=[0-9a-fA-F:]*:[0-9a-fA-F:]*:)[0-9a-fA-F:.]+(?:%[^:]*)?$/;

/** Plain names only: they also get into a script of the server. */
const namePattern = /^(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+)*$/;

export const attestation = z.strictObject({
  id: z
    .string()
    .regex(/^[A-Za-z0-9._-]{8,64}$/, 'must be 8 to 64 letters, digits, dots, _ or -')
    .describe('id that the file must hold; another id means another server or directory'),
  file: z
    .string()
    .regex(namePattern, 'must be a relative path of letters, digits, and . _ - / only')
    .default('.extbackup-heartbeat')
    .describe('path of the file below the directory that the server allows'),
  maxAge: patience.prefault('9d').describe('greatest age of the time in the file'),
});
export type Attestation = z.infer<typeof attestation>;

export const sourceText = z
  .string()
  .refine((text) => !bareIpv6.test(text), {
    error: 'has an IPv6 address without brackets: write USER@[ADDRESS] or USER@[ADDRESS]:PATH',
    abort: true,
  })
  .regex(sourcePattern, 'must be USER@HOST or USER@HOST:PATH')
  // rsync would take the path for a pattern, and mirror whatever it fits.
  .regex(/^[^:]*(?:@\[[^\]]*\])?(?::[^[\]*?\\]*)?$/, 'must not contain [ ] * ? or a backslash in its path')
  // rsync would take two colons for a daemon of its own.
  .refine((text) => parseSource(text)?.path.startsWith(':') !== true, 'must not have two colons after its host')
  // With a list of names, rsync takes what stands before /./ for another directory.
  .regex(/^(?!.*[:/]\.\.(?:\/|$))(?!.*\/\.(?:\/|$))/s, 'must not have . or .. as a part of its path');
export const sshPort = z.int().min(1).max(65535);

/** Patterns only: `+ NAME` would include, `- NAME` and `!` mean something else to rsync, too; see FILTER RULES in rsync(1). */
const excludePattern = z
  .string()
  .regex(/^[^\0\n]+$/, 'must be one line')
  .max(1_000, 'must have at most 1000 letters') // rsync leaves out a rule of 4096 bytes, with a warning
  .regex(/^(?![+-] |!$)/, 'must be a pattern alone, without "+ ", "- " or "!" before it');

export const exclude = z.array(excludePattern).default([]);

/** The limits of a run before it stops to ask. */
export const guardSettings = {
  enabled: z.boolean(),
  created: percentage,
  deleted: share,
  deletedBytes: share,
  changed: share,
  bytes: percentage,
  attributes: share,
  content: z.enum(['warn', 'hold', 'off']),
  floor: z.int().min(0),
};

/** A plain name: it is a directory on the disk, and appears in logs and messages. */
const sourceName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    'must be 1 to 64 letters, digits, dots, _ or -, and begin with a letter or digit',
  );

export const requires = z
  .array(z.string().regex(namePattern, 'must be a relative path of letters, digits, and . _ - / only'))
  .default([])
  .describe(
    'paths below the source that must exist and not be empty; otherwise the run ends before anything is changed',
  );

/** Where one server can be reached; each has to show the host key that is pinned for the server. */
export const addresses = z
  .array(addressText)
  .min(1, 'must have at least one entry')
  .max(8, 'must have at most 8 entries')
  .optional();

/** The network card of a server that sleeps. */
export const wake = z
  .string()
  .regex(
    /^[0-9A-Fa-f]{2}(?:(?::[0-9A-Fa-f]{2}){5}|(?:-[0-9A-Fa-f]{2}){5})$/,
    'must be a hardware address: 00:11:22:aa:bb:cc',
  )
  .optional();

/** An entry of `sources:`. The settings outside of it apply to everything that it leaves out. */
export const namedSource = z.strictObject({
  name: sourceName.describe('name of the source, and of its directory in the mirror and in the history'),
  source: sourceText.describe('the backup server: USER@HOST or USER@HOST:PATH'),
  port: sshPort.optional().describe('port of ssh on the server'),
  wake: wake.describe('hardware address of the server, which is woken before the pull'),
  addresses: addresses.describe('addresses of the server that are tried in turn, in place of the host in source'),
  exclude: exclude.describe('exclude patterns of rsync, in addition to those of pull'),
  requires,
  guard: z.strictObject(guardSettings).partial().default({}).describe('its own limits: any of the settings of guard'),
  attestation: z
    .union([attestation, z.literal('none')])
    .optional()
    .describe('its own heartbeat; none means that no heartbeat is needed'),
});

/** The parts of a source. `path` is empty for the whole allowed directory. */
export interface Source {
  readonly user: string;
  readonly host: string;
  readonly path: string;
}

/**
 * Splits `USER@HOST[:PATH]`.
 * @returns undefined for any other text
 */
export function parseSource(text: string): Source | undefined {
  const groups = sourcePattern.exec(text)?.groups;
  if (groups?.['user'] === undefined || groups['host'] === undefined) return undefined;
  return { user: groups['user'], host: groups['host'], path: groups['path'] ?? '' };
}
