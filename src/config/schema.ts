/**
 * The one place that knows every setting: type, default and description. The example file, the checks and the types
 * are derived from it. Unknown keys are errors, so that a misspelt setting never silently means its default.
 */
import ms from 'ms';
import { z } from 'zod';

const duration = z
  .string()
  .regex(/^\d+(\.\d+)?\s*(s|m|h|d|w)$/, 'must be a number with a unit: 90s, 20m, 12h, 6d, 2w')
  .transform((text) => ms(text as ms.StringValue));

const share = z
  .string()
  .regex(/^\d{1,3}(\.\d+)?\s*%$/, 'must be a share such as 10%')
  .transform((text) => Number.parseFloat(text) / 100);

const absolutePath = z.string().regex(/^\/[^\0\s]*$/, 'must be an absolute path without white space');

/** `USER@HOST[:PATH]`; PATH is relative to the directory that the server's forced command allows. */
export const sourcePattern =
  /^(?<user>[a-z_][a-z0-9_-]{0,31})@(?<host>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9][A-Za-z0-9.-]*)(?::(?<path>[^\0\n]*))?$/;

/** The kinds of news. */
export const notifyEvents = z.enum(['success', 'failure', 'refusal', 'waiting', 'warning', 'overdue']);

/** What an entry of `notify:` can be told about. */
export type NotifyEvent = z.infer<typeof notifyEvents>;

const wanted = z.array(notifyEvents).optional().describe('which news this channel gets; all when left out');

const commandChannel = z.strictObject({
  type: z.literal('command'),
  command: absolutePath.describe('program to start; it gets the event as one JSON object on standard input'),
  args: z.array(z.string()).default([]),
  timeout: duration.prefault('30s'),
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
  timeout: duration.prefault('30s'),
  events: wanted,
});

/** Where in a run a hook is started. mount stands for opening and mounting, close for unmounting and closing. */
const hookPoints = z.enum(['before-mount', 'after-mount', 'before-sync', 'after-sync', 'before-close', 'after-close']);
export type HookPoint = z.infer<typeof hookPoints>;

const hook = z.strictObject({
  when: hookPoints,
  command: absolutePath.describe('program to start; without a shell, as root, see extbackup(8), HOOKS'),
  args: z.array(z.string()).default([]),
  timeout: duration.prefault('5m').describe('then it is ended, and has failed'),
});

/** Plain names only: they also get into a script of the server. */
const namePattern = /^(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+)*$/;

const attestation = z.strictObject({
  id: z
    .string()
    .regex(/^[A-Za-z0-9._-]{8,64}$/, 'must be 8 to 64 letters, digits, dots, _ or -')
    .describe('stands in the file; another one means another server or directory'),
  file: z
    .string()
    .regex(namePattern, 'must be a relative path of letters, digits, and . _ - / only')
    .default('.extbackup-heartbeat')
    .describe('below the directory that the forced command allows'),
  maxAge: duration.prefault('9d').describe('an older time in the file means that the main backup itself has not run'),
});
export type Attestation = z.infer<typeof attestation>;

const keySettings = z
  .strictObject({
    derivation: z
      .enum(['scrypt', 'sha512'])
      .default('scrypt')
      .describe('sha512 is for keys made by hand before extbackup'),
    scrypt: z
      .strictObject({
        N: z
          .int()
          .min(2 ** 14)
          .max(2 ** 20)
          .refine((n) => Number.isInteger(Math.log2(n)), 'must be a power of two'),
        r: z.int().min(1).max(32).default(8),
        p: z.int().min(1).max(16).default(1),
      })
      .optional(),
    check: z
      .string()
      .regex(/^[0-9a-f]{40}$|^[0-9a-f]{64}$/, 'must be 40 (sha512) or 64 (scrypt) hex digits')
      .optional(),
  })
  .refine(
    (key) => key.derivation === 'sha512' || key.scrypt !== undefined,
    'derivation scrypt needs scrypt: {N, r, p}',
  );

const sourceText = z.string().regex(sourcePattern, 'must be USER@HOST or USER@HOST:PATH');
const sshPort = z.int().min(1).max(65535);

/** How much a run may do before it stops to ask. */
const guardSettings = {
  enabled: z.boolean(),
  deleted: share,
  changed: share,
  bytes: share,
  content: z.enum(['warn', 'hold', 'off']),
  floor: z.int().min(0),
};

/** A plain name: it is a directory on the disk, and stands in logs and messages. */
const sourceName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    'must be 1 to 64 letters, digits, dots, _ or -, and begin with a letter or digit',
  );

const requires = z
  .array(z.string().regex(namePattern, 'must be a relative path of letters, digits, and . _ - / only'))
  .default([])
  .describe(
    'paths below the source that must be there and not be empty; a file system that is not mounted on the server ends the run',
  );

/** An entry of `sources:`. What it leaves out is as the settings outside of it say. */
const namedSource = z.strictObject({
  name: sourceName.describe('its directory in the mirror and in the history'),
  source: sourceText.describe('the backup server'),
  port: sshPort.optional().describe('its ssh port'),
  exclude: z.array(z.string().min(1)).default([]).describe('rsync exclude patterns, besides those of pull'),
  requires,
  guard: z.strictObject(guardSettings).partial().default({}).describe('limits of its own'),
  attestation: z
    .union([attestation, z.literal('none')])
    .optional()
    .describe('a heartbeat of its own; none asks for no heartbeat'),
});

/** The whole configuration file. */
export const configSchema = z
  .strictObject({
    source: sourceText.optional().describe('the backup server'),
    sources: z
      .array(namedSource)
      .min(1, 'must have at least one entry')
      .optional()
      .describe('in place of source: several, each with a directory of its own on the disk'),
    port: sshPort.default(22).describe('its ssh port'),
    key: keySettings.describe(
      'how the LUKS key is derived from the password; written by setup, never changes silently',
    ),
    ssh: z
      .strictObject({
        key: absolutePath.default('/etc/extbackup/id_ed25519.encrypted'),
        publicKey: absolutePath.default('/etc/extbackup/id_ed25519.pub'),
        knownHosts: absolutePath.default('/etc/extbackup/known_hosts'),
        options: z.array(z.string().regex(/^[A-Za-z]+=[^\s]+$/, 'must look like ProxyJump=host')).default([]),
      })
      .prefault({})
      .describe('how the server is reached'),
    pull: z
      .strictObject({
        deleteWhen: z
          .enum(['delay', 'before'])
          .default('delay')
          .describe('before makes rsync hold the whole file list in memory'),
        exclude: z.array(z.string().min(1)).default([]).describe('rsync exclude patterns'),
        requires,
        bandwidthLimit: z.int().min(0).default(0).describe('KiB per second, 0 is unlimited'),
        stallTimeout: duration.prefault('10m').describe('a pull that moves nothing for so long is ended'),
        retries: z
          .int()
          .min(0)
          .max(20)
          .default(5)
          .describe('how often a broken connection is tried again without headway'),
      })
      .prefault({}),
    history: z
      .strictObject({
        enabled: z.boolean().default(true).describe('keep what runs replace or delete, in history/ on the disk'),
        keep: z
          .strictObject({
            age: duration.prefault('52w').describe('older entries are removed'),
            count: z.int().min(0).default(0).describe('at most so many entries; 0 is no limit'),
            minFree: share.prefault('5%').describe('the oldest entries are removed while less of the disk is free'),
            atLeast: duration.prefault('4w').describe('younger entries are never removed for want of space'),
          })
          .prefault({}),
        whenFull: z
          .enum(['prune', 'stop'])
          .default('prune')
          .describe(
            'prune: a full disk gives up its oldest entries that are older than keep.atLeast, and the pull goes on',
          ),
      })
      .prefault({}),
    guard: z
      .strictObject({
        enabled: guardSettings.enabled.default(true).describe('stop and ask when a run would do suspiciously much'),
        deleted: guardSettings.deleted.prefault('10%').describe('of the files on the disk'),
        changed: guardSettings.changed.prefault('40%').describe('of the files on the disk'),
        bytes: guardSettings.bytes
          .prefault('100%')
          .describe('changed bytes, of all bytes on the disk; 100% is no limit'),
        content: guardSettings.content
          .default('warn')
          .describe('when a sample of the new and changed files looks encrypted'),
        floor: guardSettings.floor.default(100).describe('so many files may always be changed or deleted'),
      })
      .prefault({}),
    verify: z
      .strictObject({
        share: share
          .prefault('5%')
          .describe('of the files on the disk is read back and compared after each complete pull; 0% turns it off'),
        limit: duration.prefault('10m').describe('no further file is begun after so long'),
        smart: z
          .boolean()
          .default(true)
          .describe('ask the disk for its SMART health once a day, where smartmontools is installed'),
      })
      .prefault({}),
    attestation: attestation
      .optional()
      .describe('a file by which the server tells that its own backup has run; without it, a run is held'),
    usb: z
      .strictObject({
        warnAfter: duration
          .prefault('20s')
          .describe('a disk that was connected but shows no block device for so long is reported'),
      })
      .prefault({}),
    scheduled: z
      .strictObject({
        freshFor: duration.prefault('6d').describe('`run --scheduled` does nothing while the last success is younger'),
      })
      .prefault({}),
    rotation: z
      .strictObject({
        every: duration.prefault('35d').describe('a disk without a success for so long is overdue'),
        drives: z.record(z.string(), duration).default({}).describe('the same for single disks, by label'),
        offline: duration
          .prefault('14d')
          .describe(
            'the whole rotation is overdue when even the freshest copy on a disk that is not plugged in is older',
          ),
      })
      .prefault({}),
    mount: z
      .strictObject({
        closeAfter: duration
          .prefault('8h')
          .describe('a disk that a person opened with `mount` is closed by itself after this time; --for overrides it'),
        remindBefore: duration
          .prefault('1h')
          .describe('the operator is reminded so long before that, at the earliest after half of the time'),
      })
      .prefault({}),
    hooks: z
      .array(hook)
      .default([])
      .describe('programs of your own in the course of a run; those of one point in this order'),
    notify: z.array(z.discriminatedUnion('type', [commandChannel, mailChannel])).default([]),
  })
  // Also beside other problems: all of them are told at once.
  .refine(({ source, sources }) => source !== undefined || sources !== undefined, {
    path: ['source'],
    error: 'is missing',
    when: ({ value }) => typeof value === 'object' && value !== null,
  })
  .refine(({ source, sources }) => source === undefined || sources === undefined, {
    path: ['sources'],
    error: 'and source exclude each other: leave out one of them',
  })
  .check(({ value, issues }) => {
    const names = (value.sources ?? []).map(({ name }) => name.toLowerCase());
    for (const [index, name] of names.entries()) {
      if (names.indexOf(name) < index)
        issues.push({
          code: 'custom',
          path: ['sources', index, 'name'],
          message: 'is the name of an earlier source',
          input: name,
        });
    }
  });

/** Settings after checks and defaults. Durations are milliseconds. */
export type Config = z.infer<typeof configSchema>;
export type Hook = z.infer<typeof hook>;
export type NotifyChannel = Config['notify'][number];
export type CommandChannel = z.infer<typeof commandChannel>;
export type MailChannel = z.infer<typeof mailChannel>;
export type KeySettings = Config['key'];

/** The parts of a source. `path` is empty for the whole allowed directory. */
export interface Source {
  readonly user: string;
  readonly host: string;
  readonly path: string;
}

/**
 * Splits `USER@HOST[:PATH]`.
 * @returns undefined when the text is no such thing
 */
export function parseSource(text: string): Source | undefined {
  const groups = sourcePattern.exec(text)?.groups;
  if (groups?.['user'] === undefined || groups['host'] === undefined) return undefined;
  return { user: groups['user'], host: groups['host'], path: groups['path'] ?? '' };
}
