import type { Progress, PullFigures } from '../bus/events.ts';
import type { Change } from '../history/change.ts';
import type { PullSource } from '../config/sources.ts';
import type { Config } from '../config/schema.ts';
import type { Doomed } from '../history/doomed.ts';
import type { HistoryEntry } from '../history/history-entry.ts';
import type { Shortage } from '../disk/disk-state.ts';
import type { GapCounts } from './gaps.ts';
import type { PullTrouble } from './verdict.ts';

/** How one rsync ended. */
export interface RsyncOutcome {
  readonly figures: PullFigures;
  /** What is in the source and is no directory. */
  readonly entries: number;
  /** Deletions that a limit kept it from. */
  readonly skippedDeletions: number;
  /** What they are about; undefined when that is not known for sure. */
  readonly doomed?: Doomed;
  /** Files that vanished on the server while it was read (exit 24): normal on a living system. */
  readonly vanished: number;
  /** Whether anything was created, replaced or deleted. */
  readonly changed: boolean;
  /** undefined when all went well. */
  readonly trouble?: PullTrouble;
  /** With `disk-full`: what a write was seen to find no more of. Only this lets history go; an exit code may be the server's. */
  readonly shortage?: Shortage;
  /** What files were besides their content could not be kept, although they should be. */
  readonly attributesLost?: boolean;
  /** With `gaps`: what kept single files from being copied, for the words. */
  readonly gaps?: GapCounts;
  /** With `failed`: how another rsync copies all but some files. */
  readonly again?: Detour;
  /** Standard error, which may name files: for the log on the disk only. */
  readonly log: string;
}

/** How rsync gets past files that end it. */
export interface Detour {
  /** It reads the whole list of the source first: otherwise more hard links than a file can have end it. */
  readonly wholeList?: boolean;
  /** Patterns of files that are left as they are: their names do not fit below the history. */
  readonly leaveOut?: readonly string[];
}

/** A small file of the server. */
export interface FetchedFile {
  /** undefined when there is none, or it is no plain file, or not small. */
  readonly content?: string;
  /** Why it was not looked for. */
  readonly trouble?: PullTrouble;
}

/** Whether a source has something at a path. */
export interface SourceAnswer {
  /** There is a directory with anything in it, or anything else. */
  readonly filled: boolean;
  /** Why it could not be looked at. */
  readonly trouble?: PullTrouble;
}

/** Which files are compared by content: size and time may stay the same when that changes. */
export type Recheck =
  | { readonly patterns: readonly string[] }
  /** File on the disk with names below the mirror of the source, with a zero byte after each. */
  | { readonly list: string };

/** What is asked of rsync. */
export interface PullOrder {
  readonly config: Config;
  readonly source: PullSource;
  /** undefined copies and deletes nothing; a number deletes at most so many. */
  readonly deleteLimit?: number;
  /** With a limit: only this is deleted, and the server is not asked again, unless that cannot be done. */
  readonly doomed?: Doomed;
  /** Where replaced and deleted files go; without it they are lost. */
  readonly history?: HistoryEntry;
  /** Changes nothing, and names every change that it would make; `deleteLimit` does not matter. */
  readonly survey?: boolean;
  /** Only files that are there are compared, and nothing is deleted. */
  readonly recheck?: Recheck;
  readonly detour?: Detour;
  /** What the last complete run found in the source; undefined when nothing is known. */
  readonly lastTime?: Pick<PullFigures, 'filesTotal' | 'bytesTotal'>;
  onProgress(progress: Progress): void;
  /** Told of every file as it is created, changed or deleted. File names: never to be logged. Must be quick. */
  onChange?(change: Change): void;
}
