import type { LuksFacts } from '../disk/luks-header.ts';
import type { Room } from '../disk/room.ts';
import type { PullFigures } from '../bus/events.ts';
import type { Config } from '../config/schema.ts';
import type { ExtbackupError } from '../errors.ts';
import type { EntryTime, HistoryStand } from '../history/history-entry.ts';
import type { DriveRecord, Seal } from '../records/drive-record.ts';
import type { BegunMark } from './begun-mark.ts';
import type { DriveVerdict } from '../verify/verify-drive.ts';

/** One disk to back up to, as it is plugged in now. */
export interface Job {
  readonly record: DriveRecord;
  /** Path of the LUKS volume, for example /dev/sda1. */
  readonly device: string;
  readonly config: Config;
  /** Set as soon as the disk is opened and known. */
  readonly time?: RunTime;
  /** Told where the disk's history stood when the run began. */
  onStand?(number: number): void;
  /** What the seal on the opened disk tells of earlier runs. */
  readonly sealed?: Pick<Seal, 'recent' | 'sources'>;
  /** The run before was cut off, as the disk has it. */
  readonly wasCutOff?: boolean;
  /** Told of a run that never ended, as the disk has it. Returns whether that was news; it is written down then. */
  onCutOff?(begun: BegunMark): Promise<boolean>;
  /** Told how each of several sources went, however the run ends. */
  onSource?(result: SourceResult): void;
}

/** What a run knows of time, and where the disk's history stood when it began. */
export interface RunTime extends EntryTime {
  /** The station's measured time. {@link EntryTime.measured} is the disk's: that of another station may have been another one. */
  readonly station: Date;
  /** How far the clock is ahead, or behind when negative, without anything that shows it to be right; 0 when it is believed. */
  readonly jumpMs: number;
  /** Number of the newest entry when the run began; 0 where there was none. */
  readonly stand: number;
}

/** What a run that did not fail has done. */
export interface RunResult {
  readonly figures: PullFigures;
  /** Some files could not be copied, or vanished meanwhile (exit code 3). */
  readonly gaps: boolean;
  /** Files that vanished on the server while it was read. */
  readonly vanished: number;
  /** undefined when the pull was incomplete. */
  readonly stampedAt?: Date;
  /** Where the disk's history stood then. */
  readonly history?: HistoryStand;
  /** Room on the disk at the end. */
  readonly room?: Room;
  /** Measured time of the station then. */
  readonly measured?: Date;
  readonly generation: number;
  /** What its LUKS header says. */
  readonly luks: LuksFacts;
  /** What was read back after the pull; undefined when nothing was. */
  readonly verified?: DriveVerdict;
  /** Set when what was copied looks wrong. */
  readonly suspicious?: boolean;
}

/** How the pull of one of several sources ended. */
export interface SourceResult {
  readonly name: string;
  /** `skipped`: the disk gave up before its turn. */
  readonly outcome: 'success' | 'gaps' | 'held' | 'failure' | 'skipped';
  readonly error?: ExtbackupError;
  /** undefined when it did not get to its end. */
  readonly pulled?: PullResult;
  /** Set when every file of the source is on the disk. */
  readonly completeAt?: Date;
}

/** What both phases of a pull did together. */
export interface PullResult {
  readonly figures: PullFigures;
  /** Every file of the source is on the disk, apart from those that vanished meanwhile. */
  readonly complete: boolean;
  /** Files that vanished on the server while it was read: normal on a living system. */
  readonly vanished: number;
  /** What was copied looks wrong: nothing old is to be given up for it. */
  readonly suspicious: boolean;
  /** Of each source by its name, where there are several. */
  readonly bySource?: Readonly<Record<string, PullFigures>>;
}
