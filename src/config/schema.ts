/**
 * The one place, with the files that it imports from this folder, that knows every setting: type, default and
 * description. The example file, the checks and the types are derived from it. Unknown keys are errors, so that a
 * misspelt setting never silently means its default.
 */
import * as z from 'zod';
import { historySettings } from './history-schema.ts';
import { hook } from './hook-schema.ts';
import { keySettings } from './key-schema.ts';
import { checkSettings, metricsSettings, reportSettings } from './monitoring-schema.ts';
import { notifyChannel } from './notify-schema.ts';
import { pullSettings } from './pull-schema.ts';
import {
  addresses,
  attestation,
  guardSettings,
  namedSource,
  parseSource,
  sourceText,
  sshPort,
  wake,
} from './source-schema.ts';
import { languages } from '../words/languages.ts';
import { releaseSettings } from './release-schema.ts';
import { sshOption } from './ssh-option.ts';
import { diskSets, problemsOfSets } from './set-schema.ts';
import { duration, patience, share, sshPath, timeout } from './values.ts';

/** The whole configuration file. */
export const configSchema = z
  .strictObject({
    source: sourceText.optional().describe('the backup server: USER@HOST or USER@HOST:PATH'),
    sources: z
      .array(namedSource)
      .min(1, 'must have at least one entry')
      .optional()
      .describe('in place of source: several sources, each with its own directory on the disk; see SEVERAL SOURCES'),
    port: sshPort.default(22).describe('port of ssh on the server'),
    addresses: addresses.describe(
      'addresses of the server, HOST or HOST:PORT, that are tried in turn, in place of the host in source; ' +
        'all must show the host key that is pinned for that host; see ADDRESSES',
    ),
    wake: wake.describe(
      'hardware address of a server that sleeps: it is woken by wake-on-LAN before the pull; it must be in the network of the station',
    ),
    key: keySettings.describe(
      'how the LUKS key is derived from the password; setup writes it, and another value makes another key',
    ),
    ssh: z
      .strictObject({
        key: sshPath
          .default('/etc/extbackup/id_ed25519.encrypted')
          .describe('the ssh key, encrypted with the LUKS key'),
        publicKey: sshPath.default('/etc/extbackup/id_ed25519.pub').describe('its public half'),
        knownHosts: sshPath.default('/etc/extbackup/known_hosts').describe('the pinned host keys'),
        options: z
          .array(sshOption)
          .default([])
          .describe('more options of ssh_config(5), for example HostKeyAlgorithms=ssh-ed25519'),
      })
      .prefault({})
      .describe('how the server is reached'),
    pull: pullSettings,
    history: historySettings,
    guard: z
      .strictObject({
        enabled: guardSettings.enabled
          .default(true)
          .describe('stop and ask when a run would exceed one of these limits'),
        deleted: guardSettings.deleted.prefault('10%').describe('deleted files, as a share of the files on the disk'),
        deletedBytes: guardSettings.deletedBytes
          .prefault('30%')
          .describe(
            'size of the deleted files, as a share of all bytes on the disk; renamed files do not count; 100% is no limit',
          ),
        changed: guardSettings.changed.prefault('40%').describe('changed files, as a share of the files on the disk'),
        created: guardSettings.created
          .prefault('200%')
          .describe('new files, as a share of the files on the disk; counted after the first complete run'),
        bytes: guardSettings.bytes
          .prefault('100%')
          .describe('changed bytes, as a share of all bytes on the disk; 100% is no limit'),
        attributes: guardSettings.attributes
          .prefault('40%')
          .describe(
            'files and directories of which only owner, rights, ACL or extended attributes ' +
              'change, as a share of the files on the disk; 100% is no limit',
          ),
        content: guardSettings.content
          .default('warn')
          .describe('when a sample of the new and changed files looks encrypted: warn, hold (stop and ask), or off'),
        floor: guardSettings.floor.default(100).describe('this many files may always be deleted, changed or new'),
      })
      .prefault({}),
    verify: z
      .strictObject({
        share: share
          .prefault('5%')
          .describe('share of the mirror that is read back and compared after each complete pull; 0% is off'),
        limit: timeout
          .prefault('10m')
          .describe('no further file is read after this time; the next run continues there'),
        smart: z
          .boolean()
          .default(true)
          .describe('read the SMART health of the disk once a day, if smartmontools is installed'),
      })
      .prefault({}),
    attestation: attestation
      .optional()
      .describe(
        'a file on the server, the heartbeat, in which its own backup notes its ' +
          'last success; a run is held when it is missing, foreign or too old',
      ),
    drill: z
      .strictObject({
        every: patience
          .optional()
          .describe(
            'a warning is given when no sample was restored with drill for this long; without it, none is expected',
          ),
      })
      .prefault({}),
    release: releaseSettings.prefault({}),
    usb: z
      .strictObject({
        warnAfter: timeout.prefault('20s').describe('a USB disk that shows no block device for this long is reported'),
      })
      .prefault({}),
    scheduled: z
      .strictObject({
        freshFor: duration
          .prefault('6d')
          .describe('run --scheduled does nothing while the last success is younger than this'),
      })
      .prefault({}),
    rotation: z
      .strictObject({
        every: patience.prefault('35d').describe('a disk without a complete backup for this long is overdue'),
        drives: z
          .record(z.string(), patience)
          .prefault({})
          .describe('the same for single disks, by label, for example {BACKUP_1: 14d}'),
        sets: diskSets.describe(
          'sets of disks, each with its own sources: a disk takes the sources of its set and nothing else; see SETS',
        ),
        offline: patience
          .prefault('14d')
          .describe(
            'the rotation is overdue when the freshest offline copy (on a disk that is not plugged in) is older than this',
          ),
      })
      .prefault({}),
    mount: z
      .strictObject({
        closeAfter: patience
          .prefault('8h')
          .describe('a disk that was opened with mount is closed automatically after this time; --for overrides it'),
        remindBefore: duration
          .prefault('1h')
          .describe('the operator is reminded this long before that, but not before half of the time is over'),
      })
      .prefault({}),
    hooks: z.array(hook).prefault([]).describe('programs of your own that a run starts; see HOOKS'),
    report: reportSettings,
    check: checkSettings,
    metrics: metricsSettings,
    contact: z
      .string()
      .regex(/^[^\p{Cc}]{0,200}$/u, 'must be one line of at most 200 letters')
      .default('')
      .describe('name and telephone number for notices that need a person'),
    language: z
      .enum(languages)
      .default('en')
      .describe('the language of notices, reports, the quick card and the screen at the station: en or de'),
    notify: z.array(notifyChannel).prefault([]).describe('the channels for notices; see NOTICES'),
  })
  // Checked even if there are other problems: all are reported at once.
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
    const hosts = new Set((value.sources ?? []).map(({ source }) => parseSource(source)?.host));
    if (value.addresses !== undefined && hosts.size > 1)
      issues.push({
        code: 'custom',
        path: ['addresses'],
        message: 'belongs into the entries of sources, because they name several servers',
        input: value.addresses,
      });
    const { sets } = value.rotation;
    const wrong =
      sets === undefined
        ? []
        : problemsOfSets(
            sets,
            (value.sources ?? []).map(({ name }) => name),
          );
    for (const { path, message } of wrong)
      issues.push({ code: 'custom', path: ['rotation', 'sets', ...path], message, input: sets });
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
/** A channel that gets notices; sound and light show states. */
export type SentChannel = Exclude<NotifyChannel, { type: 'signal' }>;
export type KeySettings = Config['key'];
