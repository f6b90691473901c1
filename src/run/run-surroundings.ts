import type { Bus } from '../bus/bus.ts';
import type { OfSource, Phase, Progress } from '../bus/events.ts';
import type { Config } from '../config/schema.ts';
import type { Volume } from '../disk/volumes.ts';
import type { OpenedByPerson } from '../opening/opened-by-person.ts';
import type { BegunMark } from '../pipeline/begun-record.ts';
import type { Machine } from '../pipeline/machine.ts';
import type { DriveRecord } from '../records/drive-record.ts';
import type { DriveRegistry } from '../records/drive-registry.ts';
import type { RunRecord } from '../records/run-record.ts';
import type { HealthProbe } from './disk-health-check.ts';
import type { Parking } from './park-after-run.ts';
import type { RunOrder } from './run-queue.ts';
import type { CountOomKills } from './short-memory.ts';

/** The surroundings of a run. */
export interface RunSurroundings {
  readonly bus: Bus;
  readonly registry: DriveRegistry;
  /** Shared with every other command that opens disks. */
  readonly deviceLock: string;
  loadConfig(): Promise<Config>;
  /** The machine for the run of one disk: disks made by hand keep their mirror under another name. */
  machineFor(config: Config, record: DriveRecord): Machine;
  findVolumes(): Promise<readonly Volume[]>;
  /** The person, if any, who has a disk open. */
  openedByPerson(): Promise<OpenedByPerson | undefined>;
  /** A message about a disk that rejects the key because the password was changed while it was away. */
  rekeyAdvice(luksUuid: string): Promise<{ readonly happened: string; readonly todo: string } | undefined>;
  /** Everything that keeps a disk from being taken out. */
  holdsOf(disk: string | undefined, mapping: string): Promise<readonly string[]>;
  readonly health: HealthProbe;
  /** Makes closed disks quiet; undefined: they are left as they are. */
  readonly parking?: Parking;
  onPhase(phase: Phase): void;
  onProgress(progress: Progress & OfSource): void;
  /** Records the start of a run, so that the next agent can report a run that died with this one; must not throw. */
  begun(order: RunOrder, startedAt: Date): Promise<void>;
  /** undefined if the system does not count them. */
  readonly oomKills?: CountOomKills;
  /** Records a run without an end that is only known from its disk. Returns whether it was new; must not throw. */
  foundCutOff(drive: string, begun: BegunMark): Promise<boolean>;
  /** Keeps the state of a disk after its run elsewhere, because the registry cannot be written; must not throw. */
  keepUnrecorded?(before: DriveRecord, after: DriveRecord): Promise<void>;
  /** Keeps the run's outcome; must not throw. */
  record(run: RunRecord): Promise<void>;
  /** Called last, when the run is recorded and reported; must not throw. */
  told(): Promise<void>;
}
