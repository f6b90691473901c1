import * as z from 'zod';
import { luksFactsSchema } from '../disk/luks-header.ts';
import { healthSchema } from './disk-health.ts';
import { holdSchema } from '../guard/hold.ts';
import { recentRunsSchema } from '../guard/recent-runs.ts';
import { roomAfterRunSchema } from './room-forecast.ts';
import { sourceRecordSchema } from './source-record.ts';

/** A label that fits a GPT partition name, a LUKS2 label, an ext4 volume name (16 bytes) and a file name. */
export const labelPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,15}$/;

const time = z.iso.datetime();

const recordShape = {
  label: z.string().regex(labelPattern),
  luksUuid: z.string().min(1),
  /** Random id that is also inside the disk; see {@link sealPath}. */
  sealedId: z.uuid(),
  /** Increased inside the disk by each complete pull: a disk with a lower number was put back to an older state. */
  generation: z.int().nonnegative(),
  enrolledAt: time,
  /** The attach during which it was enrolled: that one does not start a run by itself. */
  enrolledDuring: z.object({ bootId: z.string(), diskseq: z.int() }).optional(),
  state: z.enum(['active', 'retired', 'lost']).default('active'),
  /** Directory of the mirror on the disk; disks made by hand long ago have other names than `backups`. */
  mirror: z.enum(['backups', 'backup', 'remotebackup']).optional(),
  runs: z.int().nonnegative().default(0),
  lastRun: time.nullable().default(null),
  /** The time stamp of the last complete pull, as on LABEL. */
  lastSuccess: time.nullable().default(null),
  /** The complete run before {@link lastSuccess}: rollback goes back to it. */
  successBefore: time.nullable().optional(),
  /**
   * Position of its history at {@link lastSuccess}: the time in the name of the newest entry, which differs from the
   * clock if that was wrong. Later entries came after it.
   */
  historyAt: time.optional(),
  /** The same at {@link successBefore}. */
  historyBefore: time.optional(),
  /**
   * Number of the newest entry at {@link lastSuccess}: later entries have higher numbers. Orders entries independently
   * of the clock.
   */
  historyNumber: z.int().optional(),
  /** The same at {@link successBefore}. */
  historyNumberBefore: z.int().optional(),
  /**
   * Measured time of the station at {@link Seal.measured}: the time passed since then on the station also passed for
   * the disk.
   */
  measured: time.optional(),
  /** Outcome of the last run: the error's code, or null after a good one. */
  lastError: z.string().nullable().default(null),
  /** Of the last complete pull. */
  filesTotal: z.number().nonnegative().default(0),
  bytesTotal: z.number().nonnegative().default(0),
  /** The last complete pulls: the guard uses the smallest of their figures. */
  recent: recentRunsSchema.optional(),
  /** By name, if the settings have several sources. */
  sources: z.record(z.string(), sourceRecordSchema).optional(),
  /** Its room after the last complete runs, to predict when it is full. */
  rooms: z.array(roomAfterRunSchema).optional(),
  capacityBytes: z.number().nonnegative().default(0),
  /** Size of the LUKS volume when it was enrolled; absent if an older version enrolled it. */
  volumeBytes: z.number().nonnegative().optional(),
  /** Serial number of the disk, or of its case, when it was enrolled: a hint, never a proof. */
  serial: z.string().optional(),
  /** The facts of its LUKS header; absent until the next good run if an older version enrolled it. */
  luks: luksFactsSchema.optional(),
  /** Time of the last complete restore of files from it. */
  restoredAt: time.optional(),
  /** When a random sample was last restored from it and found right; see drill.ts. */
  drilledAt: time.optional(),
  /** Its health; absent before the first run. */
  health: healthSchema.optional(),
  /** The time of the last try to park it that failed, and how. */
  unparkable: z.object({ at: time, outcome: z.string() }).optional(),
  /** Its last run was held. */
  hold: holdSchema.optional(),
  /** A complete run looked wrong: no history is removed until a person confirms it. */
  suspicion: z.object({ runId: z.string(), at: time }).optional(),
  /** Approvals, the newest last. */
  approvals: z.array(z.looseObject({ runId: z.string(), at: time, by: z.string(), reason: z.string() })).optional(),
};

/** One enrolled disk. Times are ISO 8601 in UTC. */
export type DriveRecord = z.infer<z.ZodObject<typeof recordShape>>;

/** The note about a disk that could not be parked. */
export type Unparkable = NonNullable<DriveRecord['unparkable']>;

/** The registry's record of an enrolled disk. No file name, no secret. Fields of a later version are kept. */
export const driveRecordSchema: z.ZodType<DriveRecord> = z.looseObject(recordShape);

export const registrySchema = z.looseObject({ version: z.literal(1), drives: z.array(driveRecordSchema) });

/** File on the opened disk with {@link Seal}, relative to its top. */
export const sealPath = '.extbackup/seal.json';

/** The proof that the inside of a disk belongs to its outside. */
export const sealSchema = z.object({
  version: z.literal(1),
  sealedId: z.uuid(),
  luksUuid: z.string(),
  label: z.string(),
  generation: z.int().nonnegative(),
  /** The disk's measured time at its last complete pull; see measured-time.ts. */
  measured: z.iso.datetime().optional(),
  /** Figures of the last complete pulls, for a station without its own; see recent-runs.ts. They only lower limits. */
  recent: recentRunsSchema.optional(),
  /** The same by name, if the settings have several sources. */
  sources: z.record(z.string(), recentRunsSchema).optional(),
});
export type Seal = z.infer<typeof sealSchema>;
