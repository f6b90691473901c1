/** The words of notices that are not about the end of a run. */
import prettyBytes from 'pretty-bytes';
import type { EventMap, OverdueRotation } from '../bus/events.ts';
import type { NotifyEvent } from '../config/notify-schema.ts';
import type { News } from './run-news.ts';
import { count } from '../text/wording.ts';
import { releaseAdvice } from './wording.ts';
import { localDay } from '../text/local-time.ts';

/** The start of a run. */
export const startedNews = (drive: string): News => ({
  kind: 'started',
  subject: `${drive} is being backed up, do not unplug it`,
  text: `The backup to disk ${drive} has begun. Leave the disk plugged in.`,
});

/** A disk that waits because the key is not loaded. */
export const waitingNews = (drive: string): News => ({
  kind: 'waiting',
  subject: `${drive} is waiting for the key`,
  text:
    `Disk ${drive} is plugged in, but the key is not loaded, so nothing was backed up yet.\n` +
    'Log in on the station and run: extbackup unlock\n' +
    'The backup then starts automatically.',
});

/** A disk whose run cannot begin, because a command or a person uses the disks. */
export const deviceNews = ({ drive, reason }: EventMap['drive:waiting']): News => ({
  kind: 'waiting',
  subject: `${drive} is waiting: ${stripStop(reason)}`,
  text: `Disk ${drive} is plugged in, but its backup cannot begin yet. ${reason}\nLeave it plugged in: the backup starts automatically.`,
});

/** A disk that was reported as open, and is closed now. */
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
    `Disk ${drive} was unplugged, but the station still has it open.\n` +
    'On the station run: extbackup release\n' +
    'Then plug the disk in again, so that its file system is checked.',
});

/** A disk that gets no backup; undefined for one in a normal state. */
export function ignoredNews({ reason, happened, todo, toldBefore }: EventMap['drive:ignored']): News | undefined {
  const kind = toldBefore === true ? undefined : ignoredKinds[reason];
  return kind && { kind, subject: stripStop(happened), text: `${happened}\n${todo}` };
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

/** A fault of the station, or of the named disk. */
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

/** A disk without a backup for too long. */
export const overdueNews = (drive: string, lastSuccess: string | null): News => ({
  kind: 'overdue',
  subject: `${drive} is overdue`,
  text:
    (lastSuccess === null
      ? `Disk ${drive} has no backup yet.`
      : `The last backup on disk ${drive} is from ${localDay(lastSuccess)}.`) +
    '\nBring it to the station and plug it in.',
});

/** No copy outside the station is fresh enough. */
export const rotationOverdueNews = ({ set, lastSuccess, freshest, next, overdue }: OverdueRotation): News => ({
  kind: 'overdue',
  subject:
    set === undefined
      ? lastSuccess === null
        ? 'There is no offline copy'
        : 'The whole rotation is overdue'
      : lastSuccess === null
        ? `There is no complete offline copy of the set ${set}`
        : `The set ${set} is overdue`,
  text: [
    lastSuccess === null
      ? `No unplugged disk${set === undefined ? '' : ` of the set ${set}`} has a ${set === undefined ? '' : 'complete '}backup.`
      : `The freshest copy that is not plugged in, on disk ${freshest ?? ''}, is from ${localDay(lastSuccess)}.`,
    `If the server and the station were lost today, this would be all that is left${set === undefined ? '' : ' of its sources'}.`,
    ...(overdue.length === 0 ? [] : [`Overdue: ${overdue.join(', ')}.`]),
    next === undefined
      ? 'Prepare a disk on the station: extbackup drive prepare --help'
      : lastSuccess === null
        ? `Bring disk ${next} to the station, and take the disk that is plugged in to the safe.`
        : `Bring disk ${next} to the station and plug it in.`,
  ].join('\n'),
});

const stripStop = (text: string): string => text.replace(/\.$/, '');

/** The entries that a run removed from a disk's history, and why; empty if none. */
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
      ? ['More are due, but one run removes no more (history.keep.perRun).']
      : []),
    ...(stuck > 0
      ? [`${count(stuck, 'old entry').replace(/entrys$/, 'entries')} could not be removed completely.`]
      : []),
  ];
  return [...(said.length === 0 ? [] : [`Removed from the history: ${said.join(', ')}.`]), ...more].join(' ');
}

const pruneReasons = {
  rule: 'by the settings (history.keep)',
  blocks: 'because the disk had no room left',
  inodes: 'because the disk could take no more files',
} as const;
