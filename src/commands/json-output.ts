import * as z from 'zod';
import { signalTestSchema } from '../notify/play-signal.ts';
import { replySchema, runStatusSchema, statusSchema } from '../protocol/status.ts';
import { actionRecordSchema } from '../records/action-log.ts';
import { driveRecordSchema } from '../records/drive-record.ts';
import { runRecordSchema } from '../records/run-record.ts';
import type { ReportFacts } from '../report/facts.ts';

const count = z.int().nonnegative();

const reportedDiskSchema = z.object({
  label: z.string(),
  state: z.enum(['active', 'retired', 'lost']),
  here: z.boolean(),
  enrolledAt: z.string(),
  lastSuccess: z.string().nullable(),
  overdue: z.boolean(),
  next: z.boolean(),
  runs: count,
  filesTotal: z.number(),
  bytesTotal: z.number(),
  capacityBytes: z.number(),
  readBackAt: z.string().nullable(),
  restoredAt: z.string().nullable(),
  drilledAt: z.string().nullable(),
  smart: z.enum(['passed', 'warning', 'failing']).nullable(),
  remarks: z.array(z.string()).readonly(),
  held: z.string().nullable(),
});

const reportSchema = z.object({
  version: z.literal(1),
  station: z.string(),
  madeAt: z.string(),
  since: z.string(),
  agent: statusSchema.shape.agent,
  key: statusSchema.shape.key,
  rotation: statusSchema.shape.rotation,
  drill: statusSchema.shape.drill,
  disks: z.array(reportedDiskSchema).readonly(),
  runs: z.array(runRecordSchema).readonly(),
  approvals: z
    .array(z.object({ drive: z.string(), runId: z.string(), at: z.string(), by: z.string(), reason: z.string() }))
    .readonly(),
  warnings: z.array(z.string()).readonly(),
}) satisfies z.ZodType<ReportFacts>;

const fleetSchema = z.object({
  version: z.literal(1),
  madeAt: z.string(),
  stations: z
    .array(
      z.object({
        name: z.string(),
        status: statusSchema.optional(),
        level: z.enum(['good', 'attention', 'trouble']),
        troubles: z.array(z.string()).readonly(),
      }),
    )
    .readonly(),
});

const changedDiskSchema = z.object({
  version: z.literal(1),
  label: z.string(),
  state: z.enum(['active', 'retired', 'lost', 'forgotten']),
  lastSuccess: z.string().nullable(),
});

/**
 * What each command prints with --json. The number is the version of the form: it changes when a field goes or gets
 * another meaning, not when one is added. The package installs a JSON Schema of each.
 */
export const jsonOutputs = {
  status: { version: 1, schema: statusSchema },
  history: { version: 1, schema: z.array(runRecordSchema).readonly() },
  'history --actions': { version: 1, schema: z.array(actionRecordSchema).readonly() },
  run: { version: 1, schema: replySchema },
  'run --watch': {
    version: 1,
    schema: z.discriminatedUnion('type', [
      z.object({ version: z.literal(1), type: z.literal('progress'), run: runStatusSchema }),
      replySchema.extend({ type: z.literal('result') }),
    ]),
  },
  cancel: { version: 1, schema: replySchema },
  'drive list': {
    version: 1,
    schema: z
      .array(
        z.intersection(
          driveRecordSchema,
          z.object({ present: z.boolean(), overdue: z.boolean(), nextUp: z.boolean() }),
        ),
      )
      .readonly(),
  },
  'drive forget': { version: 1, schema: changedDiskSchema },
  'drive retire': { version: 1, schema: changedDiskSchema },
  'drive lost': { version: 1, schema: changedDiskSchema },
  'drive rekey': {
    version: 1,
    /** `changed` is false if the disk had the present key already. */
    schema: z.object({ version: z.literal(1), label: z.string(), changed: z.boolean() }),
  },
  pause: { version: 1, schema: z.object({ version: z.literal(1), until: z.string() }) },
  resume: { version: 1, schema: z.object({ version: z.literal(1), ended: z.boolean() }) },
  release: {
    version: 1,
    schema: z.object({ version: z.literal(1), exitCode: count, said: z.array(z.string()).readonly() }),
  },
  'approve --show': {
    version: 1,
    schema: z.object({
      version: z.literal(1),
      drive: z.string(),
      runId: z.string(),
      at: z.string(),
      reason: z.string(),
      alarm: z.boolean(),
      approved: z.boolean(),
      counts: z
        .object({
          created: count,
          changed: count,
          deleted: count,
          attributes: count,
          changedBytes: z.number(),
          deletedBytes: z.number(),
        })
        .nullable(),
      heartbeat: z.string().nullable(),
      sources: z.array(z.object({ name: z.string(), reason: z.string() })).readonly(),
      reports: z.array(z.object({ file: z.string(), text: z.string().nullable() })).readonly(),
    }),
  },
  'restore --list': {
    version: 1,
    schema: z
      .array(
        z.object({
          name: z.string(),
          kind: z.enum(['file', 'directory', 'link']),
          bytes: z.number(),
          /** null for a deleted directory that was empty: only its name is known. */
          changedAt: z.string().nullable(),
          until: z.string().nullable(),
        }),
      )
      .readonly(),
  },
  'drive prepare': { version: 1, schema: driveRecordSchema },
  'drive adopt': { version: 1, schema: driveRecordSchema },
  check: {
    version: 1,
    schema: z.object({
      version: z.literal(1),
      severity: z.enum(['ok', 'warning', 'critical', 'unknown']),
      text: z.string(),
    }),
  },
  doctor: {
    version: 1,
    schema: z
      .array(
        z.object({
          name: z.string(),
          verdict: z.enum(['ok', 'warn', 'fail']),
          happened: z.string(),
          todo: z.string(),
        }),
      )
      .readonly(),
  },
  'notify test': {
    version: 1,
    schema: z
      .array(z.object({ channel: z.string(), type: z.string(), delivered: z.boolean(), said: z.string() }))
      .readonly(),
  },
  'signal test': { version: 1, schema: signalTestSchema.extend({ version: z.literal(1) }) },
  verify: {
    version: 1,
    schema: z.object({
      drive: z.string(),
      compared: count,
      recorded: count,
      bytes: count,
      damaged: count,
      unreadable: count,
      complete: z.boolean(),
    }),
  },
  'verify --against-server': {
    version: 1,
    schema: z.object({
      drive: z.string(),
      drawn: count,
      same: count,
      differing: count,
      changedSince: count,
      missing: count,
    }),
  },
  drill: {
    version: 1,
    schema: z.object({
      drive: z.string(),
      files: count,
      bytes: count,
      fromHistory: count,
      recorded: count,
      bad: count,
      attributes: count,
      linked: count,
      sparse: count,
      /** With --against-server, otherwise null. */
      server: z.object({ asked: count, same: count, differing: count, changedSince: count, missing: count }).nullable(),
    }),
  },
  report: { version: 1, schema: reportSchema },
  'report --from': { version: 1, schema: fleetSchema },
  'rollback --list': { version: 1, schema: z.array(z.iso.datetime()).readonly() },
  'config check': {
    version: 1,
    schema: z.object({
      version: z.literal(1),
      file: z.string(),
      ok: z.boolean(),
      problems: z.array(z.object({ line: count, column: count, setting: z.string(), problem: z.string() })).readonly(),
    }),
  },
  'config show': {
    version: 1,
    schema: z.unknown().describe('the setting, or all settings; see: extbackup config schema'),
  },
} as const satisfies Readonly<Record<string, { readonly version: number; readonly schema: z.ZodType }>>;

/** The form of a command's output with --json. */
export type JsonOutput<Name extends keyof typeof jsonOutputs> = z.infer<(typeof jsonOutputs)[Name]['schema']>;
