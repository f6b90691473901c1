import { explain } from '../notify/explain.ts';
import type { DriveStatus, RunStatus, Status } from '../protocol/status.ts';
import type { IgnoredName } from '../words/catalogue.ts';
import type { Speaker } from '../words/speaker.ts';
import { isResting } from './console-verdict.ts';
import { describeRun, wordsOf } from './status-text.ts';

/** The lines of the screen below the verdict. */
export function factsOf(status: Status, words: Speaker, now: Date): string[] {
  const { drives, run, rotation, key, paused, noticed } = status;
  const isHere = (label: string): boolean => drives.some((drive) => drive.label === label && drive.present);
  return [
    ...noticed.map(({ drive }) =>
      drive === null ? words.say('screen.noticedAny') : words.say('screen.noticed', { drive }),
    ),
    ...(run === null ? [] : [describeRun(run, words), ...barOf(run)]),
    ...drives
      .filter(({ present, poweredOff }) => present || poweredOff === true)
      .flatMap((drive) => [...linesOf(drive, status, words), ...releaseOf(drive, words)]),
    ...(key === 'loaded' ? [] : [words.say('screen.key')]),
    ...[...unusedOf(status)].map((why) => words.say(why === undefined ? 'screen.unused' : `unused.${why}`)),
    ...(paused === null ? [] : [words.say('screen.paused', { time: words.clock(new Date(paused.until), now) })]),
    ...(rotation.overdue ? [words.say('screen.old')] : []),
    ...nextOf(rotation)
      .filter((label) => !isHere(label))
      .map((drive) => words.say('screen.next', { drive })),
  ];
}

/** The state of a disk and its message, which is English: in another language, it follows as details if it adds something. */
function linesOf(drive: DriveStatus, status: Status, words: Speaker): string[] {
  const { label, message, state, code } = drive;
  const said = `${label}: ${wordsOf(drive, words)}`;
  if (message === null) return [said];
  if (words.catalogue.translated === undefined) return [`${said}. ${message}`];
  const isSaid = state === 'waiting-for-key' || isResting(drive, status);
  if (isSaid) return [said];
  if (code === undefined) return [said, words.say('details', { text: message })];
  const { happened, details } = explain(words, { code, happened: message, todo: '' });
  return [`${said}. ${happened}`, ...details];
}

/** A disk that needs a person may be taken out meanwhile: an open one has another state, and one that goes on must stay. */
function releaseOf({ label, state, goesOn, present }: DriveStatus, words: Speaker): string[] {
  const rests = present && goesOn !== true && (state === 'held' || state === 'failed');
  return rests ? [words.say('screen.mayGo', { drive: label })] : [];
}

/** With sets, each may have a disk to bring. */
const nextOf = ({ next, sets }: Status['rotation']): string[] =>
  (sets?.map((set) => set.next) ?? [next]).filter((label) => label !== null);

/** Why plugged disks are not used, each reason once. */
const unusedOf = ({ warnings }: Status): Set<IgnoredName | undefined> =>
  new Set(warnings.filter(({ unused }) => unused).map(({ why }) => why));

/** A bar for the progress, if it is known. */
function barOf({ percent }: RunStatus): string[] {
  if (percent === null) return [];
  const done = Math.round(Math.min(100, percent) / 2);
  return [`[${'#'.repeat(done)}${'-'.repeat(50 - done)}]`];
}
