import type { Bus } from '../bus/bus.ts';
import type { Volume } from '../disk/volumes.ts';
import type { AttachMemory } from '../records/attach-memory.ts';
import type { Pause } from '../records/pause.ts';
import type { DriveRegistry } from '../records/drive-registry.ts';
import type { RunQueue } from '../run/run-queue.ts';
import type { AttachBoard } from './attach-board.ts';

/** What a refresh needs. */
export interface AttachSurroundings {
  readonly bus: Bus;
  readonly board: AttachBoard;
  readonly attaches: AttachMemory;
  readonly registry: DriveRegistry;
  readonly queue: RunQueue;
  readonly bootId: string;
  findVolumes(): Promise<readonly Volume[]>;
  keyIsLoaded(): Promise<boolean>;
  /** While there is one, nothing starts by itself. */
  pause(): Promise<Pause | undefined>;
  /** Whether another command, `drive prepare` for example, is at work on disks: a strange volume is then left for later. */
  othersAtWork(): Promise<boolean>;
  /** The reason why no run may begin: a command works on disks, or a person has one open. undefined: a run may begin. */
  inTheWay(): Promise<string | undefined>;
  /** Whether a server answers that the disk's last run did not reach; must not throw. */
  serverAnswers(drive: string): Promise<boolean>;
  /** Asks for another refresh soon. */
  refreshLater(afterMs?: number): void;
}
