import type { EventMap } from '../bus/events.ts';
import type { NotifyEvent, Priority } from '../config/notify-schema.ts';
import { exitCodes } from '../errors.ts';
import { mixedSources } from '../rsync/failure.ts';
import { describeFigures, describeVerified, releaseAdvice, releaseWords, type Release } from './wording.ts';
import { count } from '../text/wording.ts';

/** The words of a notice, without its envelope. */
export interface News {
  readonly kind: NotifyEvent;
  /** Only if it differs from the usual one of the kind. */
  readonly priority?: Priority;
  readonly subject: string;
  readonly text: string;
}

/** The last event of a run, with its name. */
export type EndEvent = {
  [Name in 'run:succeeded' | 'run:failed' | 'run:held']: { readonly name: Name; readonly event: EventMap[Name] };
}['run:succeeded' | 'run:failed' | 'run:held'];

/** The notice about the end of a run and the state of its disk. */
export function endNews(end: EndEvent, release: Release): News {
  const isOpen = release.state === 'open' || (end.name === 'run:failed' && isLeftOpen(end.event, release));
  return { ...newsOf(end, release), ...(isOpen && { priority: 'urgent' }) };
}

function newsOf(end: EndEvent, release: Release): News {
  switch (end.name) {
    case 'run:succeeded':
      return successNews(end.event, release);
    case 'run:failed':
      return failureNews(end.event, release);
    case 'run:held':
      return heldNews(end.event, release);
  }
}

/** A run that reached its end. If files are missing, the notice is a failure: the disk is no fresh backup. */
function successNews(run: EventMap['run:succeeded'], release: Release): News {
  const { drive } = run;
  if (!run.stamped) {
    return {
      kind: 'failure',
      subject: `${drive} is incomplete, ${releaseWords(release)}`,
      text:
        `Some files could not be copied to disk ${drive}, so it does not count as a fresh backup.\n` +
        `${describeFigures(run)}\n${releaseAdvice(release)}\n` +
        'The server names the reason; plug the disk in again for another try.',
    };
  }
  const verified = run.verified === undefined ? '' : `${describeVerified(run)}\n`;
  const gaps = run.gaps
    ? `${run.vanished === undefined || run.vanished === 0 ? 'Some files' : count(run.vanished, 'file')} ` +
      'vanished on the server while they were copied; the next run looks again.\n'
    : '';
  return {
    kind: release.state === 'open' ? 'failure' : 'success',
    subject:
      release.state === 'open'
        ? `${drive} is backed up, but DO NOT UNPLUG it`
        : `${drive} is done, ${releaseWords(release)}`,
    text: `The backup to disk ${drive} is complete.\n${describeFigures(run)}\n${verified}${gaps}${releaseAdvice(release)}`,
  };
}

/** Whether the run could not close its disk, and the disk has not been reported as closed since. */
const isLeftOpen = ({ exitCode }: EventMap['run:failed'], { state }: Release): boolean =>
  exitCode === exitCodes.notReleased && state !== 'safe';

/** A run that failed, or was cancelled. */
function failureNews(run: EventMap['run:failed'], release: Release): News {
  if (run.waits === true && release.state === 'safe') return awayNews(run);
  const cancelled = run.exitCode === exitCodes.cancelled;
  const verb = run.resumes === true ? 'was interrupted' : cancelled ? 'was cancelled' : 'failed';
  const open: Release = isLeftOpen(run, release) ? { state: 'open', reason: 'it was not closed' } : release;
  return {
    kind: 'failure',
    subject: `${run.drive} ${verb}, ${releaseWords(release.state === 'open' ? release : open)}`,
    text:
      `The backup to disk ${run.drive} ${verb}: ${run.happened}\n${run.todo}\n` +
      releaseAdvice(release.state === 'open' ? release : open),
  };
}

/**
 * A run that continues when the server answers: its disk is opened again, so the notice does not say "safe to unplug".
 */
const awayNews = ({ drive, code, happened, todo }: EventMap['run:failed']): News => ({
  kind: 'failure',
  subject:
    code === mixedSources
      ? `${drive} failed in part and is waiting for a server, ${releaseWords({ state: 'waits' })}`
      : `${drive} is waiting for the server, ${releaseWords({ state: 'waits' })}`,
  text: `The backup to disk ${drive} is not complete: ${happened}\n${todo}\n${releaseAdvice({ state: 'waits' })}`,
});

/** A run that was held. The notice never says "safe to unplug" if other sources go on by themselves. */
function heldNews(run: EventMap['run:held'], release: Release): News {
  const waits = run.waits === true && release.state === 'safe';
  const words = waits ? 'another source waits for its server: leave the disk plugged in' : releaseWords(release);
  return {
    kind: 'held',
    subject: `STOPPED: ${run.drive}: ${run.headline}${release.state === 'safe' && !waits ? '' : `, ${words}`}`,
    text:
      `The backup to disk ${run.drive} stopped to ask: ${run.happened}\n${run.todo}\n` +
      releaseAdvice(waits ? { state: 'waits' } : release),
  };
}
