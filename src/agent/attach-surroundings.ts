import type { Bus } from '../bus/bus.ts';
import type { Volume } from '../disk/volumes.ts';
import type { AttachMemory } from '../records/attach-memory.ts';
import type { Pause } from '../records/pause.ts';
import type { DriveRegistry } from '../records/drive-registry.ts';
import type { RunQueue } from '../run/run-queue.ts';
import type { AttachBoard } from './attach-board.ts';

/** The parts of the agent that a refresh uses. */
export interface AttachSurroundings {
  readonly bus: Bus;
  readonly board: AttachBoard;
  readonly attaches: AttachMemory;
  readonly registry: DriveRegistry;
  readonly queue: RunQueue;
  readonly bootId: string;
  findVolumes(): Promise<readonly Volume[]>;
  keyIsLoaded(): Promise<boolean>;
  /** During a pause, no run starts by itself. */
  pause(): Promise<Pause | undefined>;
  /** Whether a command such as `drive prepare` is working on disks: then an unknown volume is judged later. */
  othersAtWork(): Promise<boolean>;
  /** Why no run may begin: a command works on disks, or a person has one open. undefined: a run may begin. */
  inTheWay(): Promise<string | undefined>;
  /** Whether a server that the disk's last run did not reach answers now; must not throw. */
  serverAnswers(drive: string): Promise<boolean>;
  /** Asks for another refresh soon. */
  refreshLater(afterMs?: number): void;
}
