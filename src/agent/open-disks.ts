import type { Bus } from '../bus/bus.ts';
import { holdsOf } from '../disk/holds.ts';
import { mappingName } from '../disk/luks.ts';
import { releaseAll } from '../disk/release.ts';
import { messageOf } from '../errors.ts';
import { readOpenedByPerson } from '../opening/opened-by-person.ts';
import type { StartProgram } from '../system/command.ts';
import { lockFile } from '../system/file-lock.ts';
import { files, type Paths } from '../system/paths.ts';
import type { AttachBoard } from './attach-board.ts';
import { releaseUntilClosed } from './release-until-closed.ts';
import { withJoinedSignal } from '../system/joined-signal.ts';

/** Other programs wait for the device lock while a disk is being closed. */
const closePatienceMs = 1_000;

/** The parts for closing disks that a run could not close. */
export interface OpenDiskParts {
  readonly bus: Bus;
  readonly start: StartProgram;
  readonly paths: Paths;
  readonly board: AttachBoard;
  /** Aborted when the agent stops. */
  readonly stopping: AbortSignal;
  /** Called when a disk is closed at last. */
  readonly onClosed: () => void;
}

/** Disks that could not be closed: DO NOT UNPLUG, until a later try succeeds or a new run of the disk begins. */
export class OpenDisks {
  readonly #parts: OpenDiskParts;
  readonly #againMs: number;
  readonly #trying = new Map<string, AbortController>();

  constructor(parts: OpenDiskParts, againMs: number) {
    this.#parts = parts;
    this.#againMs = againMs;
  }

  /** Tries to close a disk until it succeeds. `words` tell the operator why it is open. */
  async watchOver(drive: string, diskseq: number, words: string | null): Promise<void> {
    const { bus, board, stopping, onClosed } = this.#parts;
    board.set(drive, 'do-not-unplug', words);
    this.#trying.get(drive)?.abort();
    const given = new AbortController();
    this.#trying.set(drive, given);
    const attempt = {
      tryToClose: () => this.#tryToClose(drive),
      onTrouble: (error: unknown): void => {
        const reason = `The disk could not be checked; DO NOT UNPLUG it: ${messageOf(error)}`;
        bus.emit('warning:raised', { about: 'release', drive, reason, todo: 'See: extbackup doctor' });
      },
    };
    const isClosed = await withJoinedSignal([stopping, given.signal], undefined, (signal) =>
      releaseUntilClosed(attempt, this.#againMs, signal),
    );
    if (!isClosed) return;
    if (board.isPluggedAnew(drive, diskseq)) board.set(drive, 'new');
    else if (board.find(drive) !== undefined) {
      board.set(drive, 'failed', 'The disk is closed now: safe to unplug.');
      bus.emit('drive:safe-to-unplug', { drive });
    }
    onClosed();
  }

  /** Ends the tries: a run of this disk begins, and closes the disk itself. */
  handOver(drive: string): void {
    this.#trying.get(drive)?.abort();
  }

  async #tryToClose(drive: string): Promise<boolean> {
    const { start, paths, board } = this.#parts;
    const lock = await lockFile(files.deviceLock(paths));
    if (!lock) return false; // a run or a command uses open disks: they stay open
    try {
      if ((await readOpenedByPerson(paths))?.label === drive) return false; // the person closes it
      const { left } = await releaseAll(start, { only: mappingName(drive) }, closePatienceMs);
      const disk = board.find(drive)?.volume.disk;
      return left.length === 0 && (disk === undefined || (await holdsOf(disk, mappingName(drive))).length === 0);
    } finally {
      await lock.release();
    }
  }
}
