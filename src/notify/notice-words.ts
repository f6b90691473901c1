/** The words of notices that are not about the end of a run. */
import prettyBytes from 'pretty-bytes';
import type { EventMap, OverdueRotation } from '../bus/events.ts';
import type { NotifyEvent } from '../config/notify-schema.ts';
import type { News } from './run-news.ts';
import { count } from '../text/wording.ts';
import { releaseAdvice } from './wording.ts';

/** A run that begins. */
export const startedNews = (drive: string): News => ({
  kind: 'started',
  subject: `${drive} is being backed up, do not unplug it`,
  text: `The backup to disk ${drive} has begun. Leave the disk plugged in.`,
});

/** A disk that waits because nobody has loaded the key. */
export const waitingNews = (drive: string): News => ({
  kind: 'waiting',
  subject: `${drive} is waiting for the key`,
  text:
    `Disk ${drive} is plugged in, but the key is not loaded, so nothing was backed up yet.\n` +
    'Log in on the station and run: extbackup unlock\n' +
    'The backup then starts by itself.',
});

/** A disk whose run cannot begin, because a command or a person uses the disks. */
export const deviceNews = ({ drive, reason }: EventMap['drive:waiting']): News => ({
  kind: 'waiting',
  subject: `${drive} is waiting: ${stripStop(reason)}`,
  text: `Disk ${drive} is plugged in, but its backup cannot begin yet. ${reason}\nLeave it plugged in: the backup starts by itself.`,
});

/** A disk that was told to be open, and is closed now. */
export const releasedNews = (drive: string): News => ({
  kind: 'success',
  subject: `${drive} is closed now, safe to unplug`,
  text: `Disk ${drive} had been left open.\n${releaseAdvice({ state: 'safe' })}`,
});

/** A disk that could not be closed. */
export const stillOpenNews = (drive: string, reason: string): News => ({
  kind: 'failure',
  priority: 'urgent',
  subject: `DO NOT UNPLUG ${drive}`,
  text:
    `Disk ${drive} is still open: ${stripStop(reason)}.\n` +
    'End the programs that use it, then run on the station: extbackup release',
});

/** A disk that was taken out while the station had it open. */
export const goneOpenNews = (drive: string): News => ({
  kind: 'failure',
  priority: 'urgent',
  subject: `${drive} was taken out while it was open`,
  text:
    `Disk ${drive} is gone, but the station still has it open.\n` +
    'On the station run: extbackup release\n' +
    'Then plug the disk in again, so that its file system is checked.',
});

/** A disk that is not served; undefined for one that is as it should be. */
export function ignoredNews({ reason, happened, todo }: EventMap['drive:ignored']): News | undefined {
  const kind = ignoredKinds[reason];
  return kind && { kind, subject: stripStop(happened), text: `${happened}\n${todo}` };
}

/** What an ignored disk is to the operator; undefined for what is as it should be. */
const ignoredKinds: Record<EventMap['drive:ignored']['reason'], NotifyEvent | undefined> = {
  'not-enrolled': 'refusal',
  'duplicate-uuid': 'refusal',
  'no-block-device': 'warning',
  'no-luks': 'refusal',
  'just-prepared': undefined,
  'served-before': undefined,
};

/** Something is wrong with the station, or with the disk that is named. */
export const warningNews = ({ reason, todo }: EventMap['warning:raised'], drive?: string): News => ({
  kind: 'warning',
  subject: drive === undefined ? stripStop(reason) : `${drive}: ${stripStop(reason)}`,
  text: `${reason}\n${todo}`,
});

/** A note in the spool that could not be read. */
export const rejectedNews = (reason: string): News => ({
  kind: 'warning',
  subject: 'A request was not understood',
  text:
    `A request was set aside: ${stripStop(reason)}.\n` +
    'If a backup was expected now, start it on the station: extbackup run',
});

/** A disk that has not been backed up to for too long. */
export const overdueNews = (drive: string, lastSuccess: string | null): News => ({
  kind: 'overdue',
  subject: `${drive} is overdue`,
  text:
    (lastSuccess === null
      ? `Disk ${drive} has no backup yet.`
      : `The last backup on disk ${drive} is from ${lastSuccess.slice(0, 10)}.`) +
    '\nBring it to the station and plug it in.',
});

/** No copy outside the station is fresh enough. */
export const rotationOverdueNews = ({ lastSuccess, freshest, next, overdue }: OverdueRotation): News => ({
  kind: 'overdue',
  subject: lastSuccess === null ? 'There is no offline copy' : 'The whole rotation is overdue',
  text: [
    lastSuccess === null
      ? 'No disk with a backup lies outside the station.'
      : `The freshest copy that is not plugged in, on disk ${freshest ?? ''}, is of ${lastSuccess.slice(0, 10)}.`,
    'If the server and the station were lost today, this is all that is left.',
    ...(overdue.length === 0 ? [] : [`Overdue: ${overdue.join(', ')}.`]),
    next === undefined
      ? 'Prepare a disk on the station: extbackup drive prepare --help'
      : lastSuccess === null
        ? `Bring disk ${next} to the station, and take the disk that is plugged in to the safe.`
        : `Bring disk ${next} to the station and plug it in.`,
  ].join('\n'),
});

const stripStop = (text: string): string => text.replace(/\.$/, '');

/** What a run removed of a disk's history, and why; empty when nothing. */
export function describePruned(prunings: readonly EventMap['history:pruned'][]): string {
  const said = (['rule', 'blocks', 'inodes'] as const).flatMap((why) => {
    const some = prunings.filter((pruning) => pruning.why === why);
    const sum = (of: 'removed' | 'bytes'): number => some.reduce((total, pruning) => total + pruning[of], 0);
    if (sum('removed') === 0) return [];
    const what = `${String(sum('removed'))} ${sum('removed') === 1 ? 'entry' : 'entries'} (${prettyBytes(sum('bytes'))})`;
    return [`${what} ${pruneReasons[why]}`];
  });
  const stuck = Math.max(0, ...prunings.map((pruning) => pruning.stuck));
  const more = [
    ...(prunings.some(({ capped }) => capped)
      ? ['More could go, but one run removes no more (history.keep.perRun).']
      : []),
    ...(stuck > 0
      ? [`Of ${count(stuck, 'old entry').replace(/entrys$/, 'entries')} something could not be removed.`]
      : []),
  ];
  return [...(said.length === 0 ? [] : [`Removed from the history: ${said.join(', ')}.`]), ...more].join(' ');
}

const pruneReasons = {
  rule: 'by the settings (history.keep)',
  blocks: 'because the disk had no room left',
  inodes: 'because the disk could take no more files',
} as const;
