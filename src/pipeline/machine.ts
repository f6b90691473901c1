import type { Config } from '../config/schema.ts';
import type { Hook } from '../config/hook-schema.ts';
import type { PullSource } from '../config/sources.ts';
import type { Progress } from '../bus/events.ts';
import type { EntryTime, HistoryEntry, HistoryStand } from '../history/history-entry.ts';
import type { TimeAdvance } from '../history/measured-time.ts';
import type { Pruned, Pruning } from '../history/prune.ts';
import type { Room } from '../disk/room.ts';
import type { DoomedFile } from '../guard/guard.ts';
import type { DriveVerdict, Part } from '../verify/verify-drive.ts';
import type { CheckOutcome, KnownFilesystem } from '../disk/filesystem.ts';
import type { LuksOpening, LuksVolume } from '../disk/luks.ts';
import type { HistorySize } from './full-disk.ts';
import type { Renaming } from './link-renamed.ts';
import type { FetchedFile, PullOrder, RsyncOutcome, SourceAnswer } from '../rsync/order.ts';

/** What stands in the top directory of the mirror. */
export interface MirrorEntry {
  readonly name: string;
  readonly kind: 'empty-directory' | 'directory' | 'other';
}

/**
 * What the pipeline needs of the machine. Verbs carry the contract: `assert…` only looks, `ensure…` may be called
 * twice. A method that fails throws; an ExtbackupError is worded already, anything else gets words from the pipeline.
 */
export interface Machine {
  wake(device: string, signal: AbortSignal): Promise<void>;
  /** UUID of the LUKS header that is on the device now. */
  luksUuid(device: string, signal: AbortSignal): Promise<string | undefined>;
  isOpen(mapping: string): Promise<boolean>;
  open(volume: Omit<LuksVolume, 'keyFile'>, signal: AbortSignal): Promise<LuksOpening>;
  ensureClosed(mapping: string): Promise<void>;
  filesystemType(mapping: string): Promise<string | undefined>;
  check(mapping: string, fstype: KnownFilesystem, signal: AbortSignal): Promise<CheckOutcome>;
  isMounted(): Promise<boolean>;
  mount(mapping: string, fstype: string, signal: AbortSignal): Promise<void>;
  ensureUnmounted(): Promise<void>;
  /** Reads a small file of the opened disk; undefined when it is missing or no plain file. */
  readInside(path: string): Promise<string | undefined>;
  writeInside(path: string, content: string): Promise<void>;
  /** What is in the top directory of the mirror; of very many, only some. */
  topOfMirror(): Promise<readonly MirrorEntry[]>;
  /** The beginning of a plain file of a source's mirror, or of what an entry keeps of it; undefined when there is none. */
  readHead(path: string, source: PullSource, entry?: HistoryEntry): Promise<Buffer | undefined>;
  /** Counts what a source's mirror holds, without directories; the size is that of plain files. */
  countMirror(source: PullSource, signal: AbortSignal): Promise<{ readonly files: number; readonly bytes: number }>;
  /** Name and size of the files at these paths of a source's mirror, and below them; what is gone is left out. */
  sizesOf(source: PullSource, paths: readonly Buffer[], signal: AbortSignal): Promise<readonly DoomedFile[]>;
  pull(order: PullOrder, signal: AbortSignal): Promise<RsyncOutcome>;
  /** Gives files of a source's mirror that were renamed on the server their new names, too; see link-renamed.ts. Returns how many. */
  linkRenamed(
    order: Pick<PullOrder, 'source' | 'history' | 'onChange'>,
    renaming: Renaming,
    signal: AbortSignal,
  ): Promise<number>;
  /** Reads one small file of a source's server, by its path below the directory that the server allows; by way of the opened disk. */
  fetchFile(config: Config, source: PullSource, path: string, signal: AbortSignal): Promise<FetchedFile>;
  isFilled(config: Config, source: PullSource, path: string, signal: AbortSignal): Promise<SourceAnswer>;
  /** Looks at the clocks, once they are set, and goes on with the station's measured time. `stepMs`: see measured-time.ts. */
  lookAtTime(stepMs: number, signal: AbortSignal): Promise<TimeAdvance>;
  /** A new, empty entry of the disk's history. */
  newHistory(time?: EntryTime): Promise<HistoryEntry>;
  /** Where the disk's history stands: each new entry is later. */
  historyStand(): Promise<HistoryStand>;
  /** What the disk's history holds. */
  historySize(signal: AbortSignal): Promise<HistorySize>;
  /** Room on the opened disk. */
  readRoom(): Promise<Room>;
  /** Removes old entries. The budget is that of the run. */
  pruneHistory(pruning: Omit<Pruning, 'budget'>, signal: AbortSignal): Promise<Pruned>;
  /** Reads the next part of the mirror back and compares it. `device` is the LUKS volume. Cut off, it returns what it did. */
  verifyPart(
    device: string,
    part: Part,
    onProgress: (progress: Progress) => void,
    signal: AbortSignal,
  ): Promise<DriveVerdict>;
  /** Removes what interrupted pulls left beside the files of a source's mirror. */
  removePartials(source: PullSource): Promise<void>;
  /** Removes what an rsync that was killed left of the file in hand; nothing of the mirror. */
  clearUnfinished(): Promise<void>;
  /** Starts a program of the operator's. Returns undefined when it ended well, else how it ended, in words. */
  runHook(hook: Hook, environment: Readonly<Record<string, string>>, signal: AbortSignal): Promise<string | undefined>;
  flush(signal: AbortSignal): Promise<void>;
  /** Sets the time of LABEL. */
  stamp(at: Date): Promise<void>;
}
