/** The words of notices that are not about the end of a run. */
import type { EventMap } from '../bus/events.ts';
import type { OverdueRotation } from '../bus/overdue.ts';
import type { NotifyEvent } from '../config/notify-schema.ts';
import type { IgnoredName, WarningName } from '../words/catalogue.ts';
import type { Speaker } from '../words/speaker.ts';
import { explainIgnored, explainWarning } from './explain.ts';
import type { News } from './run-news.ts';
import { releaseAdvice, stripStop } from './wording.ts';

/** The start of a run. */
export const startedNews = (words: Speaker, drive: string): News => ({
  kind: 'started',
  unplug: 'no',
  subject: words.say('started.subject', { drive }),
  lines: [words.say('started.text', { drive })],
});

/** A disk that waits because the key is not loaded. */
export const waitingNews = (words: Speaker, drive: string): News => ({
  kind: 'waiting',
  unplug: 'leave',
  subject: words.say('key.subject', { drive }),
  lines: [words.say('key.text', { drive })],
});

/** A disk whose run cannot begin, because a command or a person uses the disks. */
export const deviceNews = (words: Speaker, { drive, reason }: EventMap['drive:waiting']): News => ({
  kind: 'waiting',
  unplug: 'leave',
  subject: words.say('device.subject', { drive }),
  lines: [words.say('device.text', { drive, reason })],
});

/** A disk that was reported as open, and is closed now. */
export const releasedNews = (words: Speaker, drive: string): News => ({
  kind: 'success',
  unplug: 'safe',
  subject: words.say('released.subject', { drive }),
  lines: [words.say('released.text', { drive }), ...releaseAdvice(words, { state: 'safe' })],
});

/** A disk that could not be closed. */
export const stillOpenNews = (words: Speaker, drive: string, reason: string): News => ({
  kind: 'failure',
  priority: 'urgent',
  unplug: 'no',
  subject: words.say('open.subject', { drive }),
  lines: [words.say('open.text', { drive, reason: stripStop(reason) })],
});

/** A disk that was taken out while the station had it open. */
export const goneOpenNews = (words: Speaker, drive: string): News => ({
  kind: 'failure',
  priority: 'urgent',
  unplug: 'gone',
  subject: words.say('torn.subject', { drive }),
  lines: [words.say('torn.text', { drive })],
});

/** A disk that gets no backup; undefined for one in a normal state. */
export function ignoredNews(words: Speaker, event: EventMap['drive:ignored']): News | undefined {
  const { reason, drive } = event;
  const kind = event.toldBefore === true ? undefined : ignoredKinds[reason];
  if (kind === undefined) return undefined;
  const what = words.say(`ignored.${reason as IgnoredName}`);
  return {
    kind,
    subject: drive === undefined ? what : words.say('ignored.of', { drive, what }),
    lines: explainIgnored(words, event),
  };
}

/** The trouble of an ignored disk; undefined for one in a normal state. */
const ignoredKinds: Record<EventMap['drive:ignored']['reason'], NotifyEvent | undefined> = {
  'not-enrolled': 'refusal',
  'duplicate-uuid': 'refusal',
  'no-block-device': 'warning',
  'not-authorized': 'warning',
  'no-luks': 'refusal',
  'just-prepared': undefined,
  'served-before': undefined,
};

/** Matters in which a disk is open, and no run will close it soon. */
const leftOpen: readonly WarningName[] = ['forgotten', 'in-use', 'release'];

/** A fault of the station, or of the named disk. */
export function warningNews(words: Speaker, warning: EventMap['warning:raised']): News {
  const { about, drive } = warning;
  const subject = words.catalogue.warnings[about];
  return {
    kind: 'warning',
    ...(leftOpen.includes(about) && { unplug: 'no' }),
    ...((about === 'in-use' || about === 'release') && { priority: 'urgent' }),
    subject: drive === undefined ? subject : `${drive}: ${subject}`,
    lines: explainWarning(words, warning),
  };
}

/** A note in the spool that could not be read. */
export const rejectedNews = (words: Speaker, reason: string): News => ({
  kind: 'warning',
  subject: words.say('request.subject'),
  lines: [words.say('request.text', { reason: stripStop(reason) })],
});

/** The report that the settings ask for; its text has the language of the settings already. */
export const reportNews = (words: Speaker, { freshest, text, page }: EventMap['report:made']): News => ({
  kind: 'report',
  subject:
    freshest === null
      ? words.say('report.none')
      : words.say('report.subject', { drive: freshest.drive, age: roughAge(words, freshest.ageSeconds) }),
  lines: [text, ...(page === undefined ? [] : [words.say('report.attached')])],
});

const roughAge = (words: Speaker, seconds: number): string =>
  seconds < 2 * 86_400
    ? words.count(Math.floor(seconds / 3600), 'hour')
    : words.count(Math.floor(seconds / 86_400), 'day');

/** A disk without a backup for too long. */
export const overdueNews = (words: Speaker, drive: string, lastSuccess: string | null, now: Date): News => ({
  kind: 'overdue',
  subject: words.say('overdue.subject', { drive }),
  lines: [
    lastSuccess === null
      ? words.say('overdue.never', { drive })
      : words.say('overdue.since', { drive, day: words.day(new Date(lastSuccess), now) }),
    words.say('overdue.next'),
  ],
});

/** No copy outside the station is fresh enough. */
export function rotationOverdueNews(
  words: Speaker,
  { set, lastSuccess, freshest = '', next, overdue }: OverdueRotation,
  now: Date,
): News {
  const isNone = lastSuccess === null;
  return {
    kind: 'overdue',
    subject: overdueSubject(words, isNone, set, next),
    lines: [
      isNone
        ? set === undefined
          ? words.say('rotation.none')
          : words.say('set.none', { set })
        : words.say('rotation.since', { drive: freshest, day: words.day(new Date(lastSuccess), now) }),
      set === undefined ? words.say('rotation.risk') : words.say('set.risk'),
      ...(overdue.length === 0 ? [] : [words.say('rotation.list', { list: overdue.join(', ') })]),
      next === undefined
        ? words.say('rotation.prepare')
        : words.say(isNone ? 'rotation.swap' : 'rotation.bring', { drive: next }),
    ],
  };
}

function overdueSubject(words: Speaker, isNone: boolean, set: string | undefined, next: string | undefined): string {
  if (set !== undefined) return words.say(isNone ? 'set.none.subject' : 'set.subject', { set });
  if (isNone) return words.say('rotation.none.subject');
  return next === undefined ? words.say('rotation.subject') : words.say('rotation.subject.next', { drive: next });
}
