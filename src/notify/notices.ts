/** Makes notices from events of the bus: what happened and what to do; never a file name, never a secret. */
import { randomUUID } from 'node:crypto';
import type { EventMap, EventName } from '../bus/events.ts';
import { waitsForServer } from '../rsync/failure.ts';
import type { Language } from '../words/languages.ts';
import { speakerOf, type Speaker } from '../words/speaker.ts';
import type { Notice } from './channel.ts';
import { nextWords, type NextDisk } from './next-words.ts';
import * as news from './notice-words.ts';
import { endNews, type EndEvent, type News } from './run-news.ts';
import { usualPriority } from './priority.ts';
import { describePruned, type Release } from './wording.ts';

/** Turns events into notices; remembers only what it needs to report each matter once. */
export interface NoticeMaker {
  /** The notices for this event; mostly none. */
  take<Name extends EventName>(name: Name, event: EventMap[Name]): Notice[];
  /** Notices for ended runs whose disk has not been reported yet. */
  flush(): Notice[];
  /** Whether {@link flush} would return a notice. */
  readonly waiting: boolean;
}

/** Facts in notices that are not in the event. */
export interface NoticeContext {
  /** The person to call; may be empty. */
  contact?(): string;
  /** The disk to bring next; undefined if there is no other. */
  next?(): NextDisk | undefined;
  /** English, if absent. */
  language?(): Language;
}

/**
 * @param station host name of this machine
 * @param clock for the time in the notice
 */
export function createNoticeMaker(station: string, clock: () => Date, context: NoticeContext = {}): NoticeMaker {
  return new Storyteller(station, clock, context);
}

type Handlers = { readonly [Name in EventName]?: (event: EventMap[Name]) => Notice[] };

class Storyteller implements NoticeMaker {
  readonly #station: string;
  readonly #clock: () => Date;
  readonly #context: NoticeContext;
  /** By disk: the end of its run, which is reported together with the state of the disk afterwards. */
  readonly #ended = new Map<string, EndEvent>();
  readonly #keyAskedFor = new Set<string>();
  /** By disk: reported once, not at every try. */
  readonly #serverMissed = new Map<string, string>();
  readonly #openDrives = new Set<string>();
  /** By disk: the entries that the present run removed from its history. */
  readonly #prunings = new Map<string, EventMap['history:pruned'][]>();
  /** Disks that were unplugged, perhaps before their run ended. */
  readonly #takenOut = new Set<string>();

  readonly #handlers: Handlers = {
    'run:started': (event) => this.#started(event),
    'history:pruned': (event) => this.#pruned(event),
    'run:succeeded': (event) => this.#succeeded(event),
    'run:held': (event) => this.#held(event),
    'run:failed': (event) => this.#failed(event),
    'drive:identified': ({ drive }) => this.#identified(drive),
    'drive:safe-to-unplug': (event) => this.#closed(event),
    'drive:do-not-unplug': (event) => this.#leftOpen(event),
    'drive:removed': ({ drive }) => (drive === undefined ? [] : this.#removed(drive)),
    'key:missing': (event) => this.#keyMissing(event),
    'drive:waiting': (event) => [this.#make('drive:waiting', event, news.deviceNews(this.#words, event), event.drive)],
    'key:loaded': () => this.#keyLoaded(),
    'drive:ignored': (event) => this.#ignored(event),
    'warning:raised': (event) =>
      event.isUsual === true
        ? []
        : [this.#make('warning:raised', event, news.warningNews(this.#words, event), event.drive)],
    'run:warned': (event) => [this.#make('run:warned', event, news.warningNews(this.#words, event), event.drive)],
    'spool:rejected': (event) => [this.#make('spool:rejected', event, news.rejectedNews(this.#words, event.reason))],
    'rotation:overdue': (event) => this.#overdue(event),
    'report:made': (event) => [this.#make('report:made', event, news.reportNews(this.#words, event))],
  };

  constructor(station: string, clock: () => Date, context: NoticeContext) {
    this.#context = context;
    this.#station = station;
    this.#clock = clock;
  }

  get #words(): Speaker {
    return speakerOf(this.#context.language?.() ?? 'en');
  }

  take<Name extends EventName>(name: Name, event: EventMap[Name]): Notice[] {
    return this.#handlers[name]?.(event) ?? [];
  }

  flush(): Notice[] {
    return [...this.#ended.keys()].flatMap((drive) => this.#tellEnd(drive, { state: 'unknown' }));
  }

  get waiting(): boolean {
    return this.#ended.size > 0;
  }

  #make<Name extends EventName>(name: Name, payload: EventMap[Name], said: News, drive?: string): Notice {
    return {
      version: 1,
      id: randomUUID(),
      kind: said.kind,
      priority: said.priority ?? usualPriority[said.kind],
      at: this.#clock().toISOString(),
      station: this.#station,
      ...(drive !== undefined && { drive }),
      language: this.#words.language,
      ...(said.unplug !== undefined && { unplug: said.unplug }),
      subject: said.subject,
      text: [...said.lines, ...this.#addition(name, said)].join('\n'),
      event: name,
      payload,
    };
  }

  /** The next step after good news; the person to call if one is needed. */
  #addition(name: EventName, { kind }: News): string[] {
    if (kind === 'started') return [];
    if (kind !== 'success') {
      const contact = this.#context.contact?.() ?? '';
      return contact === '' ? [] : [this.#words.say('contact', { contact })];
    }
    const next = name === 'run:succeeded' ? this.#context.next?.() : undefined;
    return next === undefined ? [] : [nextWords(this.#words, next, this.#clock())];
  }

  /** Remembers the end of a run until the state of its disk is reported; for an unplugged disk it is known already. */
  #endRun(end: EndEvent): Notice[] {
    const { drive } = end.event;
    this.#ended.set(drive, end);
    return this.#takenOut.has(drive) ? this.#tellEnd(drive, { state: 'gone' }) : [];
  }

  #tellEnd(drive: string, release: Release): Notice[] {
    const end = this.#ended.get(drive);
    if (!end) return [];
    this.#ended.delete(drive);
    const pruned = describePruned(this.#words, this.#prunings.get(drive) ?? []);
    this.#prunings.delete(drive);
    const said = endNews(this.#words, end, release);
    return [this.#make(end.name, end.event, { ...said, lines: [...said.lines, ...pruned] }, drive)];
  }

  #started(event: EventMap['run:started']): Notice[] {
    const { drive } = event;
    this.#takenOut.delete(drive);
    const before = this.#tellEnd(drive, { state: 'unknown' });
    this.#prunings.delete(drive);
    return [...before, this.#make('run:started', event, news.startedNews(this.#words, drive), drive)];
  }

  #pruned(event: EventMap['history:pruned']): Notice[] {
    const { drive } = event;
    this.#prunings.set(drive, [...(this.#prunings.get(drive) ?? []), event]);
    return [];
  }

  #succeeded(event: EventMap['run:succeeded']): Notice[] {
    this.#serverMissed.delete(event.drive);
    return this.#endRun({ name: 'run:succeeded', event });
  }

  #held(event: EventMap['run:held']): Notice[] {
    return this.#isToldWait(event) ? [] : this.#endRun({ name: 'run:held', event });
  }

  /** Whether the disk waits for its server, and an earlier notice said so in the same words; remembers the words. */
  #isToldWait({ drive, code, happened, waits }: EventMap['run:failed'] | EventMap['run:held']): boolean {
    const state = waitsForServer(code) ? code : happened; // several sources: the result of each
    if (!waitsForServer(code) && waits !== true) this.#serverMissed.delete(drive);
    else if (this.#serverMissed.get(drive) === state) return true;
    else this.#serverMissed.set(drive, state);
    return false;
  }

  #failed(event: EventMap['run:failed']): Notice[] {
    const { drive, runId } = event;
    if (this.#isToldWait(event)) return [];
    const before = this.#ended.get(drive);
    if (before?.name === 'run:held' && before.event.runId === runId) return [];
    const told = this.#endRun({ name: 'run:failed', event });
    return event.resumes === true ? [...told, ...this.#tellEnd(drive, { state: 'resumes' })] : told;
  }

  #identified(drive: string): Notice[] {
    this.#takenOut.delete(drive);
    return [];
  }

  #closed(event: EventMap['drive:safe-to-unplug']): Notice[] {
    const { drive } = event;
    const wasOpen = this.#openDrives.delete(drive);
    if (this.#ended.has(drive)) return this.#tellEnd(drive, { state: 'safe' });
    // Without a run before, this is only news if the disk was reported as open.
    return wasOpen ? [this.#make('drive:safe-to-unplug', event, news.releasedNews(this.#words, drive), drive)] : [];
  }

  #leftOpen(event: EventMap['drive:do-not-unplug']): Notice[] {
    const { drive, reason } = event;
    this.#openDrives.add(drive);
    if (this.#ended.has(drive)) return this.#tellEnd(drive, { state: 'open', reason });
    const said = this.#takenOut.has(drive)
      ? news.goneOpenNews(this.#words, drive)
      : news.stillOpenNews(this.#words, drive, reason);
    return [this.#make('drive:do-not-unplug', event, said, drive)];
  }

  #removed(drive: string): Notice[] {
    this.#keyAskedFor.delete(drive);
    this.#serverMissed.delete(drive);
    this.#openDrives.delete(drive);
    this.#takenOut.add(drive);
    return this.#tellEnd(drive, { state: 'gone' });
  }

  #keyMissing(event: EventMap['key:missing']): Notice[] {
    const { drive } = event;
    if (this.#keyAskedFor.has(drive)) return [];
    this.#keyAskedFor.add(drive);
    return [this.#make('key:missing', event, news.waitingNews(this.#words, drive), drive)];
  }

  #keyLoaded(): Notice[] {
    this.#keyAskedFor.clear();
    return [];
  }

  #ignored(event: EventMap['drive:ignored']): Notice[] {
    const said = news.ignoredNews(this.#words, event);
    return said === undefined ? [] : [this.#make('drive:ignored', event, said, event.drive)];
  }

  #overdue(event: EventMap['rotation:overdue']): Notice[] {
    const { drive } = event;
    const now = this.#clock();
    const said =
      drive === undefined
        ? news.rotationOverdueNews(this.#words, event, now)
        : news.overdueNews(this.#words, drive, event.lastSuccess, now);
    return [this.#make('rotation:overdue', event, said, drive)];
  }
}
