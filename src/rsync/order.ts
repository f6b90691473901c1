import type { Progress, PullFigures } from '../bus/events.ts';
import type { WhyCompressed } from '../bus/why-compressed.ts';
import type { Change } from '../history/change.ts';
import type { PullSource } from '../config/sources.ts';
import type { Config } from '../config/schema.ts';
import type { Doomed } from '../history/doomed.ts';
import type { HistoryEntry } from '../history/history-entry.ts';
import type { Shortage } from '../disk/disk-state.ts';
import type { GapCounts } from './gaps.ts';
import type { Reached } from './in-turn.ts';
import type { PullTrouble } from './verdict.ts';

/** Files whose date the file system of the disk cannot hold, of one source; see undated.ts. */
export interface Undated {
  /** File on the disk with their names below the mirror, a zero byte after each. */
  readonly list: string;
  /** File with rules for `--exclude-from`. */
  readonly rules: string;
  readonly files: number;
  readonly bytes: number;
}

/** The end of one rsync. */
export interface RsyncOutcome {
  readonly figures: PullFigures;
  /** Files in the source, without directories. */
  readonly entries: number;
  /** Deletions that a limit prevented. */
  readonly skippedDeletions: number;
  /** The doomed files; undefined when they are not known for sure. */
  readonly doomed?: Doomed;
  /** Files that vanished on the server while it was read (exit 24): normal on a living system. */
  readonly vanished: number;
  /** Whether anything was created, replaced or deleted. */
  readonly changed: boolean;
  /** undefined when all went well. */
  readonly trouble?: PullTrouble;
  /**
   * With `disk-full`: the measured shortage. Only this allows removing history; an exit code may come from the server.
   */
  readonly shortage?: Shortage;
  /** The old attributes of files could not be kept, although the settings keep a history. */
  readonly attributesLost?: boolean;
  /** With `gaps`: the reasons why single files were not copied, for the words. */
  readonly gaps?: GapCounts;
  /** With `failed`: how another rsync can copy all but some files, or go on with another bandwidth limit; with any
   * trouble: compressed or not. */
  readonly again?: Detour;
  /** The address of the server that was used, or those that were tried, if it has several. */
  readonly at?: string | undefined;
  /** Standard error, which may name files: for the log on the disk only. */
  readonly log: string;
}

/** Options that make another rsync of the same pull go better. */
export interface Detour {
  /**
   * Read the whole list of the source first: otherwise it fails with too many hard links to one file, or with a directory
   * in the place of one of them.
   */
  readonly wholeList?: boolean;
  /** Patterns of files to leave unchanged: their paths are too long below the history. */
  readonly leaveOut?: readonly string[];
  /** `no`: compressed, it failed; `yes`: meanwhile the link was measured as slow. */
  readonly compress?: 'yes' | 'no';
}

/** A small file of the server. */
export interface FetchedFile {
  /** undefined if it is missing, or not a small plain file. */
  readonly content?: string;
  /** The reason why it could not be read. */
  readonly trouble?: PullTrouble;
  /** With a trouble: as in {@link RsyncOutcome}. */
  readonly at?: string | undefined;
}

/** Whether a source has a path. */
export interface SourceAnswer {
  /** The path exists and is not an empty directory. */
  readonly filled: boolean;
  /** The reason why this is unknown. */
  readonly trouble?: PullTrouble;
  /** With a trouble: as in {@link RsyncOutcome}. */
  readonly at?: string | undefined;
}

/** The files to compare by content: size and time may stay the same when it changes. */
export type Recheck =
  | { readonly patterns: readonly string[] }
  /** File on the disk with names below the mirror of the source, with a zero byte after each. */
  | { readonly list: string };

/** The task of one rsync. */
export interface PullOrder {
  readonly config: Config;
  readonly source: PullSource;
  /** undefined copies and deletes nothing; a number allows this many deletions. */
  readonly deleteLimit?: number;
  /** With a limit: deletes only these, without asking the server again unless that is impossible. */
  readonly doomed?: Doomed;
  /** Directory for replaced and deleted files; without it they are lost. */
  readonly history?: HistoryEntry;
  /** Changes nothing, and names every change it would make; ignores `deleteLimit`. */
  readonly survey?: boolean;
  /** Compares only existing files, and deletes nothing. */
  readonly recheck?: Recheck;
  readonly detour?: Detour;
  /** An earlier rsync may have left a part of a file, which this one is to go on with. */
  readonly mayResume?: boolean;
  /** Excluded on both sides; they still count as files of the source. See undated.ts. */
  readonly undated?: Undated | undefined;
  /** Size of the source in the last complete run; undefined when unknown. */
  readonly lastTime?: Pick<PullFigures, 'filesTotal' | 'bytesTotal'>;
  onProgress(progress: Progress): void;
  /** Another bandwidth limit applies (KiB per second, 0 is none): the outcome asks for another rsync. */
  onPace?(kibPerSecond: number): void;
  /** The pull is compressed, or the server refused that and it goes on without. */
  onCompression?(why: WhyCompressed | 'refused'): void;
  /** Local time, for the bandwidth limit; replaced by tests. */
  now?(): Date;
  /** A server with several addresses was reached. */
  onReached?(reached: Reached): void;
  /** Called for every file that is created, changed or deleted. File names: never log them. Must be quick. */
  onChange?(change: Change): void;
}
