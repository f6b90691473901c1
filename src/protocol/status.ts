import * as z from 'zod';
import { ignoredNames } from '../words/catalogue.ts';

/** State of an enrolled disk for the operator. */
export const driveStates = [
  'absent',
  'idle',
  'waiting-for-key',
  'waiting-for-server',
  'waiting-for-device',
  'queued',
  'running',
  'held',
  'safe-to-unplug',
  'do-not-unplug',
  'open',
  'failed',
] as const;
export type DriveState = (typeof driveStates)[number];

const driveStatusSchema = z.object({
  label: z.string(),
  luksUuid: z.string(),
  present: z.boolean(),
  state: z.enum(driveStates),
  /** First use. ISO 8601, UTC. */
  enrolledAt: z.string().nullable().default(null),
  /** ISO 8601, UTC; null before the first success. */
  lastSuccess: z.string().nullable(),
  /** Start of the age of its copy where lastSuccess is in the future: the clock was wrong then, or is wrong now. */
  copyFrom: z.string().optional(),
  /** When a random sample was last restored from it and found right. ISO 8601, UTC. */
  drilledAt: z.string().nullable().default(null),
  overdue: z.boolean(),
  /** The disk to bring next: the one whose copy is oldest. */
  nextUp: z.boolean(),
  /** The agent will open it as soon as it can: do not unplug it, even if it is closed now. */
  goesOn: z.boolean().optional(),
  /** Spun down after its run; the next access starts it again. */
  parked: z.boolean().optional(),
  /** Removed from the bus after its run: it may still be in its port, or taken out already. It comes back by a new plug-in. */
  poweredOff: z.boolean().optional(),
  /** One sentence for the operator: why the disk waits, failed or must not be unplugged. */
  message: z.string().nullable().default(null),
  /** Error code of the run that failed; see docs/errors.md. */
  code: z.string().optional(),
  /** Faults of the disk itself: damaged files, I/O errors, SMART. */
  health: z.array(z.string()).default([]),
  /** If the settings have several sources: the state of each on this disk. `lastError` is null after a good pull. */
  sources: z
    .array(z.object({ name: z.string(), lastSuccess: z.string().nullable(), lastError: z.string().nullable() }))
    .optional(),
});

/** One disk in {@link Status}. */
export type DriveStatus = z.infer<typeof driveStatusSchema>;

/** The present run. */
export const runStatusSchema = z.object({
  id: z.string(),
  drive: z.string(),
  phase: z.string(),
  /** The present source, if the settings have several; the figures belong to it. */
  source: z.string().optional(),
  /** Share of the bytes, 0 to 99; null while it is unknown how many there are to copy. Never falls in one phase. */
  percent: z.number().nullable(),
  bytes: z.number(),
  /** Bytes that it will copy: as rsync says, or as in the last complete run of this disk; null while unknown. */
  expectedBytes: z.number().nullable().default(null),
  files: z.number(),
  /** Share of the names that were looked at, 0 to 100; null while unknown. It says nothing about the bytes of the rest. */
  checked: z.number().nullable().default(null),
  /** Never less than the rest takes at the speed so far; null while unknown. */
  etaSeconds: z.number().nullable(),
  startedAt: z.string(),
  /** Duration of the last complete run of this disk in milliseconds; null without one. */
  lastTookMs: z.number().nullable().default(null),
});
export type RunStatus = z.infer<typeof runStatusSchema>;

const noticedDiskSchema = z.object({
  /** ISO 8601, UTC. */
  at: z.string(),
  usbSerial: z.string().nullable(),
  /** Label of the enrolled disk with this serial number; a hint. */
  drive: z.string().nullable(),
});
/** A disk that was plugged in, and is still starting up. */
export type NoticedDisk = z.infer<typeof noticedDiskSchema>;

const channelStatusSchema = z.object({
  /** Name from the settings, or derived from them; without a secret. */
  name: z.string(),
  /** Notices whose delivery failed and is tried again. */
  undelivered: z.int(),
  /** Notices that wait for the end of the quiet hours. */
  heldBack: z.int(),
  /** The time of the first notice that could not be delivered; null without a failure. ISO 8601, UTC. */
  since: z.string().nullable(),
  /** The error of the last try; null after a delivery. */
  error: z.string().nullable(),
});

const copySchema = z.object({ drive: z.string(), at: z.string(), ageSeconds: z.number() }).nullable();

const setStatusSchema = z.object({
  name: z.string(),
  /** Labels of its disks. */
  drives: z.array(z.string()),
  /** As for the whole rotation. A disk counts as old as the oldest source of the set on it. */
  offlineCopy: copySchema,
  overdue: z.boolean(),
  next: z.string().nullable(),
  overdueDrives: z.array(z.string()),
  sources: z.array(z.object({ name: z.string(), offlineCopy: copySchema, overdue: z.boolean() })),
});
export type SetStatus = z.infer<typeof setStatusSchema>;

const rotationStatusSchema = z.object({
  /** The freshest copy on a disk that is not plugged in; null when there is none. `ageSeconds` is its age when this was shown. */
  offlineCopy: copySchema,
  /** That copy is too old, or there has been none for too long. */
  overdue: z.boolean(),
  /** The disk to bring next. */
  next: z.string().nullable(),
  overdueDrives: z.array(z.string()),
  /** If the settings have sets: each of them; the fields above are those of the set with the oldest copy. */
  sets: z.array(setStatusSchema).optional(),
});
export type RotationStatus = z.infer<typeof rotationStatusSchema>;

const drillStatusSchema = z.object({
  /** Setting `drill.every`; null if no drill is expected. */
  everySeconds: z.number().nullable(),
  /** When a random sample was last restored from any disk and found right. ISO 8601, UTC; null before the first. */
  last: z.string().nullable(),
  /** The settings ask for a drill, and the last one is too long ago. */
  overdue: z.boolean(),
});
export type DrillStatus = z.infer<typeof drillStatusSchema>;

/** The content of `/run/extbackup/status.json` and of `extbackup status --json`. */
export const statusSchema = z.object({
  version: z.literal(1),
  rotation: rotationStatusSchema.default({ offlineCopy: null, overdue: false, next: null, overdueDrives: [] }),
  drill: drillStatusSchema.default({ everySeconds: null, last: null, overdue: false }),
  agent: z.enum(['running', 'stopped']),
  key: z.enum(['loaded', 'missing']),
  drives: z.array(driveStatusSchema),
  run: runStatusSchema.nullable(),
  /** Disks that were plugged in a moment ago and are not recognised yet. */
  noticed: z.array(noticedDiskSchema).default([]),
  /** Warnings that are not about an enrolled disk, for example a disk that did not start. The newest last. */
  /** `unused`: about a plugged disk that is not used, such as an unknown one, and `why`. */
  warnings: z
    .array(
      z.object({
        at: z.string(),
        text: z.string(),
        unused: z.literal(true).optional(),
        why: z.enum(ignoredNames).optional(),
      }),
    )
    .default([]),
  /** No run starts by itself until then (ISO 8601, UTC); null when there is no pause. */
  paused: z.object({ until: z.string(), by: z.string() }).nullable().default(null),
  /** The channels for notices, in the order of the settings. */
  channels: z.array(channelStatusSchema).default([]),
  /** The time when the agent wrote this. */
  updatedAt: z.string(),
  /** The agent that wrote it; the start time in clock ticks distinguishes a dead agent from a running one. */
  pid: z.int(),
  pidStartTime: z.string(),
});
export type Status = z.infer<typeof statusSchema>;

/** The agent's answer to a request of the CLI, in `/run/extbackup/replies/<id>.json`. */
export const replySchema = z.object({
  version: z.literal(1),
  id: z.string(),
  /** `queued` and `started` come first, `done` is the end. */
  state: z.enum(['queued', 'started', 'done']),
  runIds: z.array(z.string()).default([]),
  /** Runs among them that had begun before the request. */
  joinedRunIds: z.array(z.string()).default([]),
  exitCode: z.int().nullable().default(null),
  /** What happened, what to do: one sentence each. */
  happened: z.string().default(''),
  todo: z.string().default(''),
  code: z.string().nullable().default(null),
});
export type Reply = z.infer<typeof replySchema>;
