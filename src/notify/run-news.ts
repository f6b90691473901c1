/** The words of a run's end. */
import type { EventMap } from '../bus/events.ts';
import type { HeldSign } from '../bus/held-sign.ts';
import type { NotifyEvent, Priority } from '../config/notify-schema.ts';
import { exitCodes } from '../errors.ts';
import { mixedSources } from '../rsync/failure.ts';
import { fillIn, type Speaker } from '../words/speaker.ts';
import type { Unplug } from './channel.ts';
import { explain } from './explain.ts';
import { describeFigures, describeVerified, releaseAdvice, releaseWords, unplugOf, type Release } from './wording.ts';

/** The words of a notice, without its envelope. */
export interface News {
  readonly kind: NotifyEvent;
  /** Only if it differs from the usual one of the kind. */
  readonly priority?: Priority;
  /** Absent when it is about no plugged disk. */
  readonly unplug?: Unplug;
  readonly subject: string;
  readonly lines: readonly string[];
}

/** The last event of a run, with its name. */
export type EndEvent = {
  [Name in 'run:succeeded' | 'run:failed' | 'run:held']: { readonly name: Name; readonly event: EventMap[Name] };
}['run:succeeded' | 'run:failed' | 'run:held'];

/** The notice about the end of a run and the state of its disk. */
export function endNews(words: Speaker, end: EndEvent, release: Release): News {
  const known: Release =
    release.state !== 'open' && end.name === 'run:failed' && isLeftOpen(end.event, release)
      ? { state: 'open' }
      : release;
  return { ...newsOf(words, end, known), ...(known.state === 'open' && { priority: 'urgent' }) };
}

function newsOf(words: Speaker, end: EndEvent, release: Release): News {
  switch (end.name) {
    case 'run:succeeded':
      return end.event.stamped ? successNews(words, end.event, release) : gapsNews(words, end.event, release);
    case 'run:failed':
      return failureNews(words, end.event, release);
    case 'run:held':
      return heldNews(words, end.event, release);
  }
}

/** A run that reached its end, but files are missing: the disk is no fresh backup. */
const gapsNews = (words: Speaker, run: EventMap['run:succeeded'], release: Release): News => ({
  kind: 'failure',
  unplug: unplugOf(release),
  subject: words.say('incomplete.subject', { drive: run.drive, release: releaseWords(words, release) }),
  lines: [
    words.say('incomplete.text', { drive: run.drive }),
    ...releaseAdvice(words, release),
    words.say('incomplete.next'),
    describeFigures(words, run),
  ],
});

function successNews(words: Speaker, run: EventMap['run:succeeded'], release: Release): News {
  const { drive, vanished = 0 } = run;
  const isOpen = release.state === 'open';
  const gaps =
    vanished === 0
      ? words.say('done.someVanished')
      : words.say('done.vanished', { files: words.count(vanished, 'file') });
  return {
    kind: isOpen ? 'failure' : 'success',
    unplug: unplugOf(release),
    subject: isOpen
      ? words.say('done.open.subject', { drive })
      : words.say('done.subject', { drive, release: releaseWords(words, release) }),
    lines: [
      words.say('done.text', { drive }),
      ...releaseAdvice(words, release),
      describeFigures(words, run),
      ...describeVerified(words, run),
      ...(run.gaps ? [gaps] : []),
    ],
  };
}

/** Whether the run could not close its disk, and the disk has not been reported as closed since. */
const isLeftOpen = ({ exitCode }: EventMap['run:failed'], { state }: Release): boolean =>
  exitCode === exitCodes.notReleased && state !== 'safe';

/** A run that failed, was cancelled, or goes on by itself when the server answers. */
function failureNews(words: Speaker, run: EventMap['run:failed'], release: Release): News {
  const { drive } = run;
  const { happened, todo, details } = explain(words, run);
  if (run.waits === true && release.state === 'safe')
    // its disk is opened again, so the notice does not say "safe to unplug"
    return {
      kind: 'failure',
      unplug: 'leave',
      subject: words.say(run.code === mixedSources ? 'away.part.subject' : 'away.subject', { drive }),
      lines: [
        words.say('away.text', { drive, happened }),
        ...releaseAdvice(words, { state: 'waits' }),
        todo,
        ...details,
      ],
    };
  const verb = run.resumes === true ? 'interrupted' : run.exitCode === exitCodes.cancelled ? 'cancelled' : 'failed';
  return {
    kind: 'failure',
    unplug: unplugOf(release),
    subject: words.say(`${verb}.subject`, { drive, release: releaseWords(words, release) }),
    lines: [words.say(`${verb}.text`, { drive, happened }), ...releaseAdvice(words, release), todo, ...details],
  };
}

/** A run that was held. The notice never says "safe to unplug" if other sources go on by themselves. */
function heldNews(words: Speaker, run: EventMap['run:held'], release: Release): News {
  const { drive, sign = { what: 'waiting' }, isAlarm } = run;
  const shown: Release = run.waits === true && release.state === 'safe' ? { state: 'waits' } : release;
  const { translated } = words.catalogue;
  const short = signWords(words, sign, isAlarm);
  const advice = translated?.held[sign.what.startsWith('heartbeat') ? 'heartbeat' : 'limits'];
  return {
    kind: 'held',
    unplug: unplugOf(shown),
    subject: heldSubject(words, drive, short, shown),
    lines: [
      words
        .say('held.first', { drive, headline: translated === undefined ? run.headline : short })
        .replace(/\?\.$/, '?'),
      ...releaseAdvice(words, shown),
      words.say('held.text', { drive, happened: run.happened.replace(/^held: /, '') }),
      advice === undefined ? run.todo : fillIn(advice, { drive }),
    ],
  };
}

function heldSubject(words: Speaker, drive: string, sign: string, release: Release): string {
  if (release.state === 'safe') return words.say('held.subject', { drive, sign });
  if (release.state === 'open') return words.say('held.open.subject', { drive });
  return words.say('held.other.subject', { drive, release: releaseWords(words, release) });
}

/** The main reason of a held run in a few words. */
function signWords(words: Speaker, { what, percent, files = 0 }: HeldSign, isAlarm: boolean): string {
  const count = words.count(files, what === 'created' ? 'newFile' : 'file');
  const sign =
    what === 'created'
      ? words.say('sign.created.count', { files: count })
      : what === 'deleted' || what === 'changed' || what === 'attributes'
        ? percent === undefined
          ? words.say(`sign.${what}.count`, { files: count })
          : words.say(`sign.${what}.share`, { percent })
        : words.say(`sign.${what}`);
  return isAlarm && what !== 'content' ? words.say('sign.attack', { sign }) : sign;
}
