import type { NotifyEvent } from '../config/notify-schema.ts';
import type { EventMap, EventName } from '../bus/events.ts';

/** One piece of news for the operator. */
export interface Notice {
  /** One for each piece of news: what comes twice with the same one is the same news. */
  readonly id: string;
  readonly kind: NotifyEvent;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Host name of the station. */
  readonly station: string;
  readonly drive?: string;
  /** One line: "BACKUP_2 is done, safe to unplug". */
  readonly subject: string;
  /** A few lines: figures, what happened, what to do. No file name, no secret. */
  readonly text: string;
  readonly event: EventName;
  readonly payload: EventMap[EventName];
}

/** A way to tell the operator. A new kind is one file that makes one of these, and one entry in the schema. */
export interface Channel {
  /** For the journal, for example "mail to root@localhost". */
  readonly name: string;
  /** Delivers one notice or throws; bounded by its own time limit. */
  send(notice: Notice, signal: AbortSignal): Promise<void>;
}
