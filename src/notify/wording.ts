/** Words for people: the figures of a run, and the one sentence about whether a disk may be unplugged. */
import prettyBytes from 'pretty-bytes';
import type { EventMap } from '../bus/events.ts';
import { count, describeDuration } from '../text/wording.ts';

/** The state of a disk after a run: closed, left open, unplugged, or unknown. */
export type Release =
  | { readonly state: 'safe' }
  | { readonly state: 'open'; readonly reason: string }
  | { readonly state: 'gone' }
  /** Closed for now: the next agent opens it again by itself. */
  | { readonly state: 'resumes' }
  /** Closed for now: it is opened again by itself when the server answers. */
  | { readonly state: 'waits' }
  | { readonly state: 'unknown' };

const entries = (number: number): string => count(number, 'entry').replace(/entrys$/, 'entries');

/** The figures of a good run, in one or two sentences. */
export function describeFigures(run: EventMap['run:succeeded']): string {
  const took = `It took ${describeDuration(run.tookMs)}.`;
  if (run.filesTotal === undefined || run.filesTransferred === undefined || run.bytesTransferred === undefined)
    return took;
  const { attributesChanged = 0 } = run;
  const attributes =
    attributesChanged === 0
      ? ''
      : `Owner, rights or attributes of ${entries(attributesChanged)} changed; the old ones are kept if the disk has a history.`;
  const copied =
    run.filesTransferred === 0
      ? attributes === ''
        ? run.filesDeleted === undefined || run.filesDeleted === 0
          ? 'Nothing had changed.'
          : 'Nothing was copied.'
        : ''
      : `${count(run.filesTransferred, 'file')} copied (${prettyBytes(run.bytesTransferred)}).`;
  const deleted =
    run.filesDeleted === undefined || run.filesDeleted === 0
      ? ''
      : `${count(run.filesDeleted, 'file')} no longer on the server.`;
  const total =
    run.bytesTotal === undefined
      ? ''
      : `The backup now holds ${prettyBytes(run.bytesTotal)} in ${entries(run.filesTotal)}.`;
  return [copied, attributes, deleted, total, took].filter((part) => part !== '').join(' ');
}

/** The files that were read back after the pull; empty if there were none. */
export function describeVerified({ verified }: EventMap['run:succeeded']): string {
  if (verified === undefined) return '';
  const read = `Read back and compared: ${count(verified.files, 'file')} (${prettyBytes(verified.bytes)}).`;
  return verified.damaged === 0
    ? read
    : `${read} ${count(verified.damaged, 'file')} on the disk ${verified.damaged === 1 ? 'is' : 'are'} DAMAGED; ` +
        'see: extbackup verify --help';
}

/** The end of a subject line. */
export function releaseWords(release: Release): string {
  switch (release.state) {
    case 'safe':
      return 'safe to unplug';
    case 'open':
      return 'DO NOT UNPLUG';
    case 'gone':
      return 'it was taken out';
    case 'resumes':
    case 'waits':
      return 'it goes on by itself: leave the disk plugged in';
    case 'unknown':
      return 'look at "extbackup status" before you unplug it';
  }
}

/** Advice for the disk, as a sentence. */
export function releaseAdvice(release: Release): string {
  switch (release.state) {
    case 'safe':
      return 'The disk is closed. You can take it out.';
    case 'open':
      return `DO NOT UNPLUG the disk yet: ${stripStop(release.reason)}. On the station run: extbackup release`;
    case 'gone':
      return 'The disk is no longer plugged in.';
    case 'resumes':
      return 'Leave the disk plugged in: it is closed now, and will be opened again as soon as the agent runs.';
    case 'waits':
      return (
        'Leave the disk plugged in: it goes on by itself when the server answers. It is closed until then; ' +
        'to unplug it anyway, look first at: extbackup status'
      );
    case 'unknown':
      return 'It is not known whether the disk can be unplugged. On the station run: extbackup status';
  }
}

/**
 * A notice that is delivered late. Its words about the disk were true then: another run may have opened it since,
 * so "safe to unplug" is removed.
 */
export function toldLate<Text extends { readonly at: string; readonly subject: string; readonly text: string }>(
  notice: Text,
  why: 'failed' | 'quiet' = 'failed',
): Text {
  const safe: Release = { state: 'safe' };
  const unknown: Release = { state: 'unknown' };
  const late =
    why === 'quiet'
      ? `This is from ${notice.at}; it was held back during the quiet hours.`
      : `This comes late: it could not be delivered at ${notice.at}.`;
  return {
    ...notice,
    subject: notice.subject.replace(releaseWords(safe), releaseWords(unknown)),
    text: `${late}\n${notice.text.replace(releaseAdvice(safe), releaseAdvice(unknown))}`,
  };
}

const stripStop = (text: string): string => text.replace(/\.+$/, '');
