import type { NotifyEvent, Priority } from '../config/notify-schema.ts';
import type { EventMap, EventName } from '../bus/events.ts';
import type { Language } from '../words/languages.ts';

/** Whether the disk of a notice may be taken out: no is DO NOT UNPLUG, leave is closed for now, and goes on by itself. */
export const unplugs = ['safe', 'no', 'leave', 'gone', 'unknown'] as const;
export type Unplug = (typeof unplugs)[number];

/** One piece of news for the operator, described for programs in docs/events.md and notice-schema.ts. */
export interface Notice {
  readonly version: 1;
  /** Identifies the piece of news: a repeated delivery has the same id. */
  readonly id: string;
  readonly kind: NotifyEvent | 'test';
  readonly priority: Priority;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Host name of the station. */
  readonly station: string;
  readonly drive?: string;
  /** The language of subject and text. */
  readonly language: Language;
  /** Absent when it is about no plugged disk. */
  readonly unplug?: Unplug;
  /** One line: "BACKUP_2 is done, safe to unplug". */
  readonly subject: string;
  /** A few lines: figures, what happened, what to do. No file name, no secret. */
  readonly text: string;
  readonly event: EventName | 'notify:test';
  readonly payload: EventMap[EventName];
}

/** A way to tell the operator. A new kind needs one file that makes a channel, and one entry in the schema. */
export interface Channel {
  /** For the journal, for example "mail to root@localhost". */
  readonly name: string;
  /**
   * Delivers one notice or throws; bounded by its own time limit.
   * @returns the answer in a few words, if there was one
   */
  send(notice: Notice, signal: AbortSignal): Promise<unknown>;
  /** Checks, without sending anything, whether a notice could be delivered; throws the obstacle. */
  probe?(signal: AbortSignal): Promise<void>;
}
