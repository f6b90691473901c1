import type { LuksFacts } from '../disk/luks-header.ts';
import type { Room } from '../disk/room.ts';
import type { PullFigures } from '../bus/events.ts';
import type { Config } from '../config/schema.ts';
import type { PullSource } from '../config/sources.ts';
import type { ExtbackupError } from '../errors.ts';
import type { EntryTime, HistoryPosition } from '../history/history-entry.ts';
import type { DriveRecord, Seal } from '../records/drive-record.ts';
import type { BegunMark } from './begun-record.ts';
import type { DiskVerdict } from '../verify/verify-disk.ts';

/** One plugged disk to back up to. */
export interface Job {
  readonly record: DriveRecord;
  /** Path of the LUKS volume, for example /dev/sda1. */
  readonly device: string;
  readonly config: Config;
  /** The sources of these settings. */
  readonly sources: readonly [PullSource, ...PullSource[]];
  /** Set as soon as the disk is opened and identified. */
  readonly time?: RunTime;
  /** Called with the position of the disk's history at the start of the run. */
  onPosition?(number: number): void;
  /** Figures of earlier runs from the seal on the opened disk. */
  readonly sealed?: Pick<Seal, 'recent' | 'sources'>;
  /** The disk's record says that the run before was cut off. */
  readonly wasCutOff?: boolean;
  /** Called for a run without an end in the disk's record. Returns whether it was new; then it is recorded. */
  onCutOff?(begun: BegunMark): Promise<boolean>;
  /** Called at the end of every run with the results of its sources, if there are several. */
  onSource?(result: SourceResult): void;
}

/** The clocks of a run, and the position of the disk's history when it began. */
export interface RunTime extends EntryTime {
  /**
   * The station's measured time. {@link EntryTime.measured} is the disk's own: another station may have measured
   * differently.
   */
  readonly station: Date;
  /** How far an unconfirmed clock is ahead, or behind when negative; 0 when the clock is trusted. */
  readonly jumpMs: number;
  /** Number of the newest entry when the run began; 0 if there was none. */
  readonly position: number;
}

/** The result of a run that did not fail. */
export interface RunResult {
  readonly figures: PullFigures;
  /** Some files could not be copied, or vanished meanwhile (exit code 3). */
  readonly gaps: boolean;
  /** Files that vanished on the server while it was read. */
  readonly vanished: number;
  /** undefined when the pull was incomplete. */
  readonly stampedAt?: Date;
  /** The position of the disk's history at that time. */
  readonly history?: HistoryPosition;
  /** Room on the disk at the end. */
  readonly room?: Room;
  /** Measured time of the station then. */
  readonly measured?: Date;
  readonly generation: number;
  /** The facts of its LUKS header. */
  readonly luks: LuksFacts;
  /** The result of reading back after the pull; undefined when nothing was read. */
  readonly verified?: DiskVerdict;
  /** Set when the copied files look wrong. */
  readonly suspicious?: boolean;
}

/** The end of the pull of one of several sources. */
export interface SourceResult {
  readonly name: string;
  /** `skipped`: the disk gave up before its turn. */
  readonly outcome: 'success' | 'gaps' | 'held' | 'failure' | 'skipped';
  readonly error?: ExtbackupError;
  /** undefined when the pull did not finish. */
  readonly pulled?: PullResult;
  /** Set when every file of the source is on the disk. */
  readonly completeAt?: Date;
}

/** The sum of both phases of a pull. */
export interface PullResult {
  readonly figures: PullFigures;
  /** Every file of the source is on the disk, apart from those that vanished meanwhile. */
  readonly complete: boolean;
  /** Files that vanished on the server while it was read: normal on a living system. */
  readonly vanished: number;
  /** The copied files look wrong: no old history may be removed for them. */
  readonly suspicious: boolean;
  /** By name of the source, if there are several. */
  readonly bySource?: Readonly<Record<string, PullFigures>>;
}
