import type { NotifyEvent, Priority } from '../config/notify-schema.ts';
import type { EventMap, EventName } from '../bus/events.ts';

/** One piece of news for the operator. docs/events.md describes it for programs, notice-schema.ts says it exactly. */
export interface Notice {
  readonly version: 1;
  /** One for each piece of news: what comes twice with the same one is the same news. */
  readonly id: string;
  readonly kind: NotifyEvent | 'test';
  readonly priority: Priority;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Host name of the station. */
  readonly station: string;
  readonly drive?: string;
  /** One line: "BACKUP_2 is done, safe to unplug". */
  readonly subject: string;
  /** A few lines: figures, what happened, what to do. No file name, no secret. */
  readonly text: string;
  readonly event: EventName | 'notify:test';
  readonly payload: EventMap[EventName];
}

/** A way to tell the operator. A new kind is one file that makes one of these, and one entry in the schema. */
export interface Channel {
  /** For the journal, for example "mail to root@localhost". */
  readonly name: string;
  /**
   * Delivers one notice or throws; bounded by its own time limit.
   * @returns what came back, as a string of a few words, where anything did
   */
  send(notice: Notice, signal: AbortSignal): Promise<unknown>;
  /** Looks, without telling anything, whether a notice could be delivered. Throws what is in the way. */
  probe?(signal: AbortSignal): Promise<void>;
}
