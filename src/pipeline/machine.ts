import type { Config } from '../config/schema.ts';
import type { Hook } from '../config/hook-schema.ts';
import type { PullSource } from '../config/sources.ts';
import type { Progress, PullFigures } from '../bus/events.ts';
import type { EntryTime, HistoryEntry, HistoryPosition } from '../history/history-entry.ts';
import type { TimeAdvance } from '../history/measured-time.ts';
import type { Pruned, Pruning } from '../history/prune.ts';
import type { Room } from '../disk/room.ts';
import type { DoomedFile } from '../guard/guard.ts';
import type { RollingPart } from '../verify/rolling-part.ts';
import type { DiskVerdict, Part } from '../verify/verify-disk.ts';
import type { CheckOutcome, KnownFilesystem } from '../disk/filesystem.ts';
import type { LuksOpening, LuksVolume } from '../disk/luks.ts';
import type { HistorySize } from './history-size.ts';
import type { Renaming } from './link-renamed.ts';
import type { FetchedFile, PullOrder, RsyncOutcome, SourceAnswer, Undated } from '../rsync/order.ts';

/** The entries in the top directory of the mirror. */
export interface MirrorEntry {
  readonly name: string;
  readonly kind: 'empty-directory' | 'directory' | 'other';
}

/**
 * The pipeline's interface to the machine. Verbs carry the contract: `assert…` only checks, `ensure…` may be called
 * twice. A method that fails throws; an ExtbackupError has its words, any other error gets words from the pipeline.
 */
export interface Machine {
  /** Whether rsync runs in its box; `lost`: on this station it once did. */
  confinement(): Promise<'box' | 'none' | 'lost'>;
  /** Waits until the disk spins. @returns its first block */
  wake(device: string, signal: AbortSignal): Promise<Buffer>;
  /** Wakes a server by wake-on-LAN. @param mac of its network card @returns what went wrong */
  wakeServer(mac: string, signal: AbortSignal): Promise<string | undefined>;
  /** UUID in the present LUKS header of the device, as cryptsetup reads it. */
  luksUuid(device: string, signal: AbortSignal): Promise<string | undefined>;
  isOpen(mapping: string): Promise<boolean>;
  open(volume: Omit<LuksVolume, 'keyFile'>, signal: AbortSignal): Promise<LuksOpening>;
  ensureClosed(mapping: string): Promise<void>;
  filesystemType(mapping: string): Promise<string | undefined>;
  check(mapping: string, fstype: KnownFilesystem, signal: AbortSignal): Promise<CheckOutcome>;
  isMounted(): Promise<boolean>;
  mount(mapping: string, fstype: string, signal: AbortSignal): Promise<void>;
  ensureUnmounted(): Promise<void>;
  /** Reads a small file of the opened disk; undefined when it is missing or not a plain file. */
  readInside(path: string): Promise<string | undefined>;
  writeInside(path: string, content: string): Promise<void>;
  /** The entries in the top directory of the mirror; only some of very many. */
  topOfMirror(): Promise<readonly MirrorEntry[]>;
  /** The beginning of a plain file in a source's mirror, or of its copy in an entry; undefined when there is none. */
  readHead(path: string, source: PullSource, entry?: HistoryEntry): Promise<Buffer | undefined>;
  /** Counts the files in a source's mirror, without directories; the size covers plain files. */
  countMirror(source: PullSource, signal: AbortSignal): Promise<{ readonly files: number; readonly bytes: number }>;
  /** Name and size of the files at and below these paths of a source's mirror; missing ones are left out. */
  sizesOf(source: PullSource, paths: readonly Buffer[], signal: AbortSignal): Promise<readonly DoomedFile[]>;
  /** Files of a source's mirror whose date the disk cannot hold; see rsync/undated.ts. */
  readUndated(source: PullSource): Promise<Undated | undefined>;
  /** Checks files of a run, and remembers those whose date the disk cannot hold. @returns the number of new ones */
  addUndated(source: PullSource, paths: Iterable<string>): Promise<number>;
  pull(order: PullOrder, signal: AbortSignal): Promise<RsyncOutcome>;
  /** The next part of a source's mirror to be compared with the server; see rolling-part.ts. */
  drawPart(
    source: PullSource,
    share: number,
    whole: PullFigures,
    signal: AbortSignal,
  ): Promise<RollingPart | undefined>;
  /**
   * Gives files of a source's mirror that were renamed on the server their new names, too; see link-renamed.ts. Returns
   * the number of links.
   */
  linkRenamed(
    order: Pick<PullOrder, 'source' | 'history' | 'onChange'>,
    renaming: Renaming,
    signal: AbortSignal,
  ): Promise<number>;
  /**
   * Reads one small file of a source's server, by its path below the allowed directory. It passes through the opened
   * disk.
   */
  fetchFile(config: Config, source: PullSource, path: string, signal: AbortSignal): Promise<FetchedFile>;
  isFilled(config: Config, source: PullSource, path: string, signal: AbortSignal): Promise<SourceAnswer>;
  /** Reads the clocks, once they are set, and continues the station's measured time. `stepMs`: see measured-time.ts. */
  continueTime(stepMs: number, signal: AbortSignal): Promise<TimeAdvance>;
  /** A new, empty entry of the disk's history. */
  newHistory(time?: EntryTime): Promise<HistoryEntry>;
  /** The position of the disk's history: each new entry is later. */
  historyPosition(): Promise<HistoryPosition>;
  /** The size of the disk's history. */
  historySize(signal: AbortSignal): Promise<HistorySize>;
  /** Room on the opened disk. */
  readRoom(): Promise<Room>;
  /** Removes old entries within the budget of the run. */
  pruneHistory(pruning: Omit<Pruning, 'budget'>, signal: AbortSignal): Promise<Pruned>;
  /**
   * Reads the next part of the mirror back and compares it. `device` is the LUKS volume. When interrupted, it returns
   * its result so far.
   */
  verifyPart(
    device: string,
    part: Part,
    onProgress: (progress: Progress) => void,
    signal: AbortSignal,
  ): Promise<DiskVerdict>;
  /** Removes leftovers of interrupted pulls beside the files of a source's mirror. */
  removePartials(source: PullSource): Promise<void>;
  /** Removes the unfinished file of a killed rsync; no file of the mirror. */
  clearUnfinished(): Promise<void>;
  /** Starts a hook. Returns undefined on success, otherwise its end in words. */
  runHook(hook: Hook, environment: Readonly<Record<string, string>>, signal: AbortSignal): Promise<string | undefined>;
  flush(signal: AbortSignal): Promise<void>;
  /** Sets the time of LABEL. */
  stamp(at: Date): Promise<void>;
}
