import type { EventMap, EventName } from '../../../src/bus/events.ts';
import type { Notice } from '../../../src/notify/channel.ts';
import { createNoticeMaker } from '../../../src/notify/notices.ts';
import { en } from '../../../src/words/en.ts';
import type { WarningName } from '../../../src/words/catalogue.ts';
import { catalogues, type Language } from '../../../src/words/languages.ts';

type Step = { [Name in EventName]: readonly [Name, EventMap[Name]] }[EventName];
type Story = readonly Step[];

const now = new Date(2026, 10, 29, 12);
const bytes = { bytesTotal: 9.87e12, bytesTransferred: 1_234_000_000, bytesReceived: 1 };

/** Stories that lead to every notice there is, with a label of the greatest length. */
function storiesOf(drive: string): Record<string, Story> {
  const run = { runId: 'r1', drive };
  const trouble = { happened: 'The server could not be reached.', todo: 'Check the network.', tookMs: 10_000 };
  const failed = { ...run, ...trouble, code: 'EXB_NETWORK', exitCode: 13, phase: 'pulling' } as const;
  const held = { ...run, ...trouble, code: 'EXB_HELD', exitCode: 14, isAlarm: false } as const;
  const good = {
    ...{ ...run, ...bytes, tookMs: 200_000, gaps: false, stamped: true },
    ...{ filesTotal: 1_234_567, filesTransferred: 12_345, filesDeleted: 2_073, attributesChanged: 7 },
    verified: { files: 61_728, bytes: 5e11, damaged: 0 },
  };
  const ends: Record<string, Step> = {
    done: ['run:succeeded', good],
    damaged: ['run:succeeded', { ...good, verified: { files: 9, bytes: 9, damaged: 2 } }],
    gaps: ['run:succeeded', { ...good, gaps: true, vanished: 3 }],
    incomplete: ['run:succeeded', { ...good, gaps: true, stamped: false }],
    failed: ['run:failed', { ...failed, code: 'EXB_LOGIN' }],
    cancelled: ['run:failed', { ...failed, code: 'EXB_CANCELLED', exitCode: 130 }],
    away: ['run:failed', { ...failed, waits: true }],
    sources: ['run:failed', { ...failed, code: 'EXB_SOURCES', waits: true }],
  };
  for (const [name, sign] of Object.entries(signs))
    ends[`held ${name}`] = ['run:held', { ...held, headline: 'much has changed', ...sign }];
  const releases: Record<string, Step> = {
    safe: ['drive:safe-to-unplug', run],
    open: ['drive:do-not-unplug', { ...run, reason: '/mnt/plaintext is still in use by sleep (123).' }],
    gone: ['drive:removed', { drive }],
  };
  const stories: Record<string, Story> = {
    started: [['run:started', { ...run, trigger: 'plug' }]],
    interrupted: [['run:failed', { ...failed, code: 'EXB_CANCELLED', exitCode: 130, resumes: true }]],
    'held and waiting': [
      ['run:held', { ...held, headline: 'much', waits: true }],
      ['drive:safe-to-unplug', run],
    ],
    'no key': [['key:missing', { drive }]],
    busy: [['drive:waiting', { drive, reason: 'Another extbackup command uses the disks.' }]],
    'left open': [['drive:do-not-unplug', { ...run, reason: 'busy' }]],
    'closed later': [
      ['drive:do-not-unplug', { ...run, reason: 'busy' }],
      ['drive:safe-to-unplug', run],
    ],
    'torn out': [
      ['drive:removed', { drive }],
      ['drive:do-not-unplug', { ...run, reason: 'busy' }],
    ],
    request: [['spool:rejected', { reason: 'it is torn' }]],
    overdue: [['rotation:overdue', { drive, lastSuccess: '2026-01-05T12:00:00Z' }]],
    'never backed up': [['rotation:overdue', { drive, lastSuccess: null }]],
    report: [['report:made', { freshest: { drive, ageSeconds: 250_000 }, text: 'All is well.', page: '/var/x.html' }]],
    'report without a copy': [['report:made', { freshest: null, text: 'All is well.' }]],
    'no offline copy': [['rotation:overdue', { lastSuccess: null, next: drive, overdue: [] }]],
    'no disk': [['rotation:overdue', { lastSuccess: '2026-01-05T12:00:00Z', freshest: drive, overdue: [] }]],
    'whole rotation': [
      ['rotation:overdue', { lastSuccess: '2026-01-05T12:00:00Z', freshest: drive, next: drive, overdue: [drive] }],
    ],
    'set overdue': [
      [
        'rotation:overdue',
        { set: 'daily', lastSuccess: '2026-01-05T12:00:00Z', freshest: drive, next: drive, overdue: [drive] },
      ],
    ],
    'set without a copy': [['rotation:overdue', { set: 'daily', lastSuccess: null, next: drive, overdue: [] }]],
    pruned: [
      [
        'history:pruned',
        { ...run, removed: 2, bytes: 3e9, why: 'blocks', capped: true, stuck: 1, givenUp: { states: 4, bytes: 2e9 } },
      ],
      ['run:succeeded', good],
      ['drive:safe-to-unplug', run],
    ],
  };
  for (const [end, last] of Object.entries(ends)) {
    stories[`${end}, unknown`] = [last];
    for (const [state, release] of Object.entries(releases)) stories[`${end}, ${state}`] = [last, release];
  }
  for (const reason of ['not-enrolled', 'duplicate-uuid', 'no-block-device', 'not-authorized', 'no-luks'] as const)
    stories[`ignored ${reason}`] = [['drive:ignored', { reason, drive, happened: 'A disk.', todo: 'Look.' }]];
  for (const about of Object.keys(en.warnings) as WarningName[]) {
    const said = { about, reason: 'It is warm.', todo: 'Open a window.' };
    stories[`warning ${about}`] = [['warning:raised', { ...said, drive }]];
    stories[`warning of a run ${about}`] = [['run:warned', { ...run, ...said }]];
  }
  return stories;
}

const signs: Record<string, Partial<EventMap['run:held']>> = {
  ...Object.fromEntries(
    (['deleted', 'changed', 'attributes'] as const).flatMap((what) => [
      [`${what} share`, { sign: { what, percent: 100, files: 1_234_567 }, isAlarm: true }],
      [`${what} count`, { sign: { what, files: 9_999 }, isAlarm: true }],
    ]),
  ),
  created: { sign: { what: 'created', files: 999_999 }, isAlarm: true },
  content: { sign: { what: 'content' }, isAlarm: true },
  ...Object.fromEntries(
    (['missing', 'damaged', 'foreign', 'stale', 'ahead'] as const).map((trouble) => [
      `heartbeat ${trouble}`,
      { sign: { what: `heartbeat.${trouble}` } },
    ]),
  ),
  old: {},
};

/** Every notice there is, by the name of its story. */
export function everyNotice(language: Language, drive: string): readonly (readonly [string, Notice])[] {
  return Object.entries(storiesOf(drive)).flatMap(([name, story]) => {
    const maker = createNoticeMaker('station', () => now, {
      ...{ language: () => language, contact: () => 'Ann, +41 44 000 00 00' },
      next: () => ({ drive, by: new Date(2026, 11, 4, 9) }),
    });
    const notices = [...story.flatMap(([event, payload]) => maker.take(event, payload)), ...maker.flush()];
    if (notices.length === 0) throw new Error(`${name} leads to no notice`);
    return notices.map((notice) => [name, notice] as const);
  });
}

/** All names of messages that a catalogue has. */
export const messageNames = Object.keys(catalogues.en.messages);
