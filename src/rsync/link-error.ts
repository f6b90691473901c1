import type { PullTrouble } from './verdict.ts';

/** The server was not reached. */
export class LinkError extends Error {
  readonly trouble: PullTrouble;
  /** ssh's message. */
  readonly log: string;
  /** The address that this is about, or all that were tried; undefined for a server with one address. */
  readonly at: string | undefined;

  constructor(trouble: PullTrouble, log: string, at?: string) {
    super(`the server was not reached: ${trouble}`);
    this.name = 'LinkError';
    this.trouble = trouble;
    this.log = log;
    this.at = at;
  }
}
