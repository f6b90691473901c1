/**
 * The one place, with the files that it imports from this folder, that knows every setting: type, default and
 * description. The example file, the checks and the types are derived from it. Unknown keys are errors, so that a
 * misspelt setting never silently means its default.
 */
import { z } from 'zod';
import { hook } from './hook-schema.ts';
import { notifyChannel } from './notify-schema.ts';
import { attestation, exclude, guardSettings, namedSource, requires, sourceText, sshPort } from './source-schema.ts';
import { sshOption } from './ssh-option.ts';
import { absolutePath, duration, patience, share, sshPath, timeout } from './values.ts';

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
        key: sshPath.default('/etc/extbackup/id_ed25519.encrypted'),
        publicKey: sshPath.default('/etc/extbackup/id_ed25519.pub'),
        knownHosts: sshPath.default('/etc/extbackup/known_hosts'),
        options: z.array(sshOption).default([]),
      })
      .prefault({})
      .describe('how the server is reached'),
    pull: z
      .strictObject({
        deleteWhen: z
          .enum(['delay', 'before'])
          .default('delay')
          .describe('before makes rsync hold the whole file list in memory'),
        exclude: exclude.describe(
          'rsync exclude patterns; what is on the disk already is deleted as if the server had lost it',
        ),
        compare: z
          .strictObject({
            checksum: exclude.describe(
              'rsync patterns of files whose content can change under the same size and time, such as *.hc; each run compares it',
            ),
            share: share
              .prefault('0%')
              .describe(
                'of the files is compared with the server by content in each run, each run another part; 0% is off',
              ),
          })
          .prefault({}),
        requires,
        bandwidthLimit: z.int().min(0).max(1_000_000_000).default(0).describe('KiB per second, 0 is unlimited'),
        stallTimeout: timeout.prefault('10m').describe('a pull that moves nothing for so long is ended'),
        longest: timeout.prefault('7d').describe('a pull that takes longer is ended, whatever it moves'),
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
            age: duration.prefault('52w').describe('older entries are removed, if they are older than atLeast, too'),
            count: z.int().min(0).default(0).describe('at most so many entries; 0 is no limit'),
            minFree: share.prefault('5%').describe('the oldest entries are removed while less of the disk is free'),
            atLeast: duration
              .prefault('4w')
              .describe('younger entries are never removed, neither for want of space nor for their age'),
            perRun: share
              .prefault('50%')
              .describe('one run removes at most this share of the entries, and of the bytes of the disk'),
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
        deletedBytes: guardSettings.deletedBytes
          .prefault('30%')
          .describe(
            'size of the deleted files, of all bytes on the disk; what was only moved does not count; 100% is no limit',
          ),
        changed: guardSettings.changed.prefault('40%').describe('of the files on the disk'),
        created: guardSettings.created
          .prefault('200%')
          .describe('new files, of the files on the disk; only after a first complete run'),
        bytes: guardSettings.bytes
          .prefault('100%')
          .describe('changed bytes, of all bytes on the disk; 100% is no limit'),
        attributes: guardSettings.attributes
          .prefault('40%')
          .describe(
            'files and directories of which only owner, rights, ACL or extended attributes change, as a part of the files on the disk; 100% is no limit',
          ),
        content: guardSettings.content
          .default('warn')
          .describe('when a sample of the new and changed files looks encrypted'),
        floor: guardSettings.floor.default(100).describe('so many files may always be changed, deleted or new'),
      })
      .prefault({}),
    verify: z
      .strictObject({
        share: share
          .prefault('5%')
          .describe('of the files on the disk is read back and compared after each complete pull; 0% turns it off'),
        limit: timeout.prefault('10m').describe('no further file is begun after so long'),
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
        warnAfter: timeout
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
        every: patience.prefault('35d').describe('a disk without a success for so long is overdue'),
        drives: z.record(z.string(), patience).default({}).describe('the same for single disks, by label'),
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
    metrics: z
      .strictObject({
        textfile: absolutePath
          .regex(/\/[^/]+\.prom$/, 'must be the path of a file that ends in .prom')
          .optional()
          .describe('a file for the textfile collector of the Prometheus node exporter, kept up to date'),
      })
      .prefault({}),
    contact: z
      .string()
      .regex(/^[^\p{Cc}]{0,200}$/u, 'must be one line of at most 200 letters')
      .default('')
      .describe('whom to call; stands in notices that need a person'),
    notify: z.array(notifyChannel).default([]),
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
export type NotifyChannel = Config['notify'][number];
export type KeySettings = Config['key'];
