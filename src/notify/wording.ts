/** The figures of a run, and the one sentence about whether a disk may be unplugged. */
import type { EventMap } from '../bus/events.ts';
import type { Speaker } from '../words/speaker.ts';
import type { Unplug } from './channel.ts';

/** The state of a disk after a run: closed, left open, unplugged, or unknown. */
export type Release =
  | { readonly state: 'safe' }
  | { readonly state: 'open'; readonly reason?: string }
  | { readonly state: 'gone' }
  /** Closed for now: the next agent opens it again by itself. */
  | { readonly state: 'resumes' }
  /** Closed for now: it is opened again by itself when the server answers. */
  | { readonly state: 'waits' }
  | { readonly state: 'unknown' };

/** The figures of a good run, in one or two sentences. */
export function describeFigures(words: Speaker, run: EventMap['run:succeeded']): string {
  const took = words.say('figures.took', { duration: words.duration(run.tookMs) });
  if (run.filesTotal === undefined || run.filesTransferred === undefined || run.bytesTransferred === undefined)
    return took;
  const { attributesChanged = 0, filesDeleted = 0, filesTransferred, bytesTransferred, bytesTotal } = run;
  const unchanged = filesTransferred === 0 && attributesChanged === 0;
  return [
    ...(filesTransferred === 0
      ? []
      : [
          words.say('figures.copied', {
            files: words.count(filesTransferred, 'file'),
            size: words.size(bytesTransferred),
          }),
        ]),
    ...(unchanged ? [words.say(filesDeleted === 0 ? 'figures.nothing' : 'figures.noCopy')] : []),
    ...(attributesChanged === 0
      ? []
      : [words.say('figures.attributes', { entries: words.count(attributesChanged, 'entry') })]),
    ...(filesDeleted === 0 ? [] : [words.say('figures.deleted', { files: words.count(filesDeleted, 'file') })]),
    ...(bytesTotal === undefined
      ? []
      : [words.say('figures.total', { size: words.size(bytesTotal), entries: words.count(run.filesTotal, 'entry') })]),
    took,
  ].join(' ');
}

/** The files that were read back after the pull; empty if there were none. */
export function describeVerified(words: Speaker, { verified }: EventMap['run:succeeded']): string[] {
  if (verified === undefined) return [];
  const { files, bytes, damaged } = verified;
  const read = words.say('done.verified', { files: words.count(files, 'file'), size: words.size(bytes) });
  if (damaged === 0) return [read];
  return [`${read} ${words.say('done.damaged', { files: words.count(damaged, 'file') })}`];
}

/** The entries that a run removed from a disk's history, and why; empty if none. */
export function describePruned(words: Speaker, prunings: readonly EventMap['history:pruned'][]): string[] {
  const list = (['rule', 'blocks', 'inodes'] as const).flatMap((why) => {
    const some = prunings.filter((pruning) => pruning.why === why);
    const sum = (of: 'removed' | 'bytes'): number => some.reduce((total, pruning) => total + pruning[of], 0);
    if (sum('removed') === 0) return [];
    return [
      words.say(`pruned.${why}`, { entries: words.count(sum('removed'), 'entry'), size: words.size(sum('bytes')) }),
    ];
  });
  const sumOf = (of: 'states' | 'bytes'): number =>
    prunings.reduce((total, { givenUp }) => total + (givenUp?.[of] ?? 0), 0);
  const [states, bytes] = [sumOf('states'), sumOf('bytes')];
  const stuck = Math.max(0, ...prunings.map((pruning) => pruning.stuck));
  const said = [
    ...(list.length === 0 ? [] : [words.say('pruned.all', { list: list.join(', ') })]),
    ...(states > 0
      ? [words.say('pruned.givenUp', { states: words.count(states, 'oldState'), size: words.size(bytes) })]
      : []),
    ...(prunings.some(({ capped }) => capped) ? [words.say('pruned.capped')] : []),
    ...(stuck > 0 ? [words.say('pruned.stuck', { entries: words.count(stuck, 'oldEntry') })] : []),
  ];
  return said.length === 0 ? [] : [said.join(' ')];
}

/** The end of a subject line. */
export const releaseWords = (words: Speaker, { state }: Release): string => words.say(`release.${state}`);

/** Advice for the disk: a sentence, and the reason when it must stay. */
export function releaseAdvice(words: Speaker, release: Release): string[] {
  const { state } = release;
  const reason = state === 'open' ? release.reason : undefined;
  return [
    words.say(`advice.${state}`),
    ...(reason === undefined ? [] : [words.say('reason', { reason: stripStop(reason) })]),
  ];
}

/** The same for programs, and for the coloured line of a mail. */
export const unplugOf = ({ state }: Release): Unplug => unplugs[state];

const unplugs: Readonly<Record<Release['state'], Unplug>> = {
  safe: 'safe',
  open: 'no',
  gone: 'gone',
  resumes: 'leave',
  waits: 'leave',
  unknown: 'unknown',
};

/** Without the full stop at its end. */
export const stripStop = (text: string): string => text.replace(/\.+$/, '');
