/** Events of the bus -> news for the operator. Says what happened and what to do; never a file name, never a secret. */
import { randomUUID } from 'node:crypto';
import type { EventMap, EventName, OverdueRotation } from '../bus/events.ts';
import type { NotifyEvent } from '../config/notify-schema.ts';
import type { Notice } from './channel.ts';
import { failureNews, heldNews, successNews, type News } from './run-news.ts';
import { releaseAdvice, type Release } from './wording.ts';

/** Turns events into notices. Remembers only what it needs to tell one story once. */
export interface NoticeMaker {
  /** The notices that this event is worth; mostly none. */
  take<Name extends EventName>(name: Name, event: EventMap[Name]): Notice[];
  /** Ends of runs that still wait for word about their disk, told without it. */
  flush(): Notice[];
  /** Whether {@link flush} would tell something. */
  readonly waiting: boolean;
}

/** How a run ended; told together with what became of its disk. */
type RunEnd = {
  [Name in 'run:succeeded' | 'run:failed' | 'run:held']: { readonly name: Name; readonly event: EventMap[Name] };
}['run:succeeded' | 'run:failed' | 'run:held'];

/**
 * @param station host name of this machine
 * @param clock for the time in the notice
 */
export function createNoticeMaker(station: string, clock: () => Date): NoticeMaker {
  const ended = new Map<string, RunEnd>(); // by disk: one run at a time belongs to it
  const keyAskedFor = new Set<string>();
  const serverMissed = new Set<string>(); // by disk: told once, not at every try
  const openDrives = new Set<string>();
  const takenOut = new Set<string>(); // a disk can be gone before its run has ended

  const make = <Name extends EventName>(name: Name, payload: EventMap[Name], news: News, drive?: string): Notice => ({
    id: randomUUID(),
    kind: news.kind,
    at: clock().toISOString(),
    station,
    ...(drive !== undefined && { drive }),
    subject: news.subject,
    text: news.text,
    event: name,
    payload,
  });

  const tellEnd = (drive: string, release: Release): Notice[] => {
    const end = ended.get(drive);
    if (!end) return [];
    ended.delete(drive);
    switch (end.name) {
      case 'run:succeeded':
        return [make(end.name, end.event, successNews(end.event, release), drive)];
      case 'run:failed':
        return [make(end.name, end.event, failureNews(end.event, release), drive)];
      case 'run:held':
        return [make(end.name, end.event, heldNews(end.event, release), drive)];
    }
  };

  const endRun = (end: RunEnd): Notice[] => {
    const { drive } = end.event;
    ended.set(drive, end);
    return takenOut.has(drive) ? tellEnd(drive, { state: 'gone' }) : [];
  };

  const handlers: { [Name in EventName]?: (event: EventMap[Name]) => Notice[] } = {
    'run:succeeded': (event) => {
      serverMissed.delete(event.drive);
      return endRun({ name: 'run:succeeded', event });
    },
    'run:held': (event) => endRun({ name: 'run:held', event }),
    'run:failed': (event) => {
      if (event.code !== 'EXB_NETWORK') serverMissed.delete(event.drive);
      else if (serverMissed.has(event.drive)) return [];
      else serverMissed.add(event.drive);
      const before = ended.get(event.drive);
      return before?.name === 'run:held' && before.event.runId === event.runId
        ? []
        : [
            ...endRun({ name: 'run:failed', event }),
            ...(event.resumes === true ? tellEnd(event.drive, { state: 'resumes' }) : []),
          ];
    },
    'drive:identified': ({ drive }) => {
      takenOut.delete(drive);
      return [];
    },
    'drive:safe-to-unplug': (event) => {
      const wasOpen = openDrives.delete(event.drive);
      if (ended.has(event.drive)) return tellEnd(event.drive, { state: 'safe' });
      // Without a run before it this is only news when the operator was told the opposite.
      return wasOpen ? [make('drive:safe-to-unplug', event, released(event.drive), event.drive)] : [];
    },
    'drive:do-not-unplug': (event) => {
      openDrives.add(event.drive);
      if (ended.has(event.drive)) return tellEnd(event.drive, { state: 'open', reason: event.reason });
      return [
        make(
          'drive:do-not-unplug',
          event,
          takenOut.has(event.drive) ? goneOpen(event.drive) : stillOpen(event.drive, event.reason),
          event.drive,
        ),
      ];
    },
    'drive:removed': ({ drive }) => {
      if (drive === undefined) return [];
      keyAskedFor.delete(drive);
      serverMissed.delete(drive);
      openDrives.delete(drive);
      takenOut.add(drive);
      return tellEnd(drive, { state: 'gone' });
    },
    'run:started': ({ drive }) => {
      takenOut.delete(drive);
      return tellEnd(drive, { state: 'unknown' });
    },
    'key:missing': (event) => {
      if (keyAskedFor.has(event.drive)) return [];
      keyAskedFor.add(event.drive);
      return [make('key:missing', event, waiting(event.drive), event.drive)];
    },
    'key:loaded': () => {
      keyAskedFor.clear();
      return [];
    },
    'drive:ignored': (event) => {
      const kind = ignoredKinds[event.reason];
      return kind === undefined
        ? []
        : [
            make('drive:ignored', event, {
              kind,
              subject: stripStop(event.happened),
              text: `${event.happened}\n${event.todo}`,
            }),
          ];
    },
    'warning:raised': (event) => [
      make('warning:raised', event, {
        kind: 'warning',
        subject: stripStop(event.reason),
        text: `${event.reason}\n${event.todo}`,
      }),
    ],
    'run:warned': (event) => [
      make(
        'run:warned',
        event,
        {
          kind: 'warning',
          subject: `${event.drive}: ${stripStop(event.reason)}`,
          text: `${event.reason}\n${event.todo}`,
        },
        event.drive,
      ),
    ],
    'spool:rejected': (event) => [make('spool:rejected', event, rejected(event.reason))],
    'rotation:overdue': (event) => [
      make(
        'rotation:overdue',
        event,
        event.drive === undefined ? rotationOverdue(event) : overdue(event.drive, event.lastSuccess),
        event.drive,
      ),
    ],
  };

  return {
    take: (name, event) => handlers[name]?.(event) ?? [],
    flush: () => [...ended.keys()].flatMap((drive) => tellEnd(drive, { state: 'unknown' })),
    get waiting() {
      return ended.size > 0;
    },
  };
}

/** What an ignored disk is to the operator; undefined for what is as it should be. */
const ignoredKinds: Record<EventMap['drive:ignored']['reason'], NotifyEvent | undefined> = {
  'not-enrolled': 'refusal',
  'duplicate-uuid': 'refusal',
  'no-block-device': 'warning',
  'just-prepared': undefined,
  'served-before': undefined,
};

const stripStop = (text: string): string => text.replace(/\.$/, '');

const waiting = (drive: string): News => ({
  kind: 'waiting',
  subject: `${drive} is waiting for the key`,
  text: `Disk ${drive} is plugged in, but the key is not loaded, so nothing was backed up yet.\nLog in on the station and run: extbackup unlock\nThe backup then starts by itself.`,
});

const released = (drive: string): News => ({
  kind: 'success',
  subject: `${drive} is closed now, safe to unplug`,
  text: `Disk ${drive} had been left open.\n${releaseAdvice({ state: 'safe' })}`,
});

const stillOpen = (drive: string, reason: string): News => ({
  kind: 'failure',
  subject: `DO NOT UNPLUG ${drive}`,
  text: `Disk ${drive} is still open: ${stripStop(reason)}.\nEnd the programs that use it, then run on the station: extbackup release`,
});

const goneOpen = (drive: string): News => ({
  kind: 'failure',
  subject: `${drive} was taken out while it was open`,
  text: `Disk ${drive} is gone, but the station still has it open.\nOn the station run: extbackup release\nThen plug the disk in again, so that its file system is checked.`,
});

const rejected = (reason: string): News => ({
  kind: 'warning',
  subject: 'A request was not understood',
  text: `A request was set aside: ${stripStop(reason)}.\nIf a backup was expected now, start it on the station: extbackup run`,
});

const overdue = (drive: string, lastSuccess: string | null): News => ({
  kind: 'overdue',
  subject: `${drive} is overdue`,
  text: `${lastSuccess === null ? `Disk ${drive} has never been backed up to.` : `Disk ${drive} was last backed up to on ${lastSuccess.slice(0, 10)}.`}\nBring it to the station and plug it in.`,
});

const rotationOverdue = ({ lastSuccess, freshest, next, overdue: late }: OverdueRotation): News => ({
  kind: 'overdue',
  subject: lastSuccess === null ? 'There is no offline copy' : 'The whole rotation is overdue',
  text: [
    lastSuccess === null
      ? 'No disk with a backup lies outside the station.'
      : `The freshest copy that is not plugged in, on disk ${freshest ?? ''}, is of ${lastSuccess.slice(0, 10)}.`,
    'If the server and the station were lost today, this is all that is left.',
    ...(late.length === 0 ? [] : [`Overdue: ${late.join(', ')}.`]),
    next === undefined
      ? 'Prepare a disk on the station: extbackup drive prepare --help'
      : lastSuccess === null
        ? `Bring disk ${next} to the station, and take the disk that is plugged in to the safe.`
        : `Bring disk ${next} to the station and plug it in.`,
  ].join('\n'),
});
