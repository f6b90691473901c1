import { rm } from 'node:fs/promises';
import * as z from 'zod';
import { jsonOf } from '../system/parse-json.ts';
import { readIfThere } from '../system/atomic-file.ts';
import { CommandError, type StartProgram } from '../system/command.ts';
import { isThere } from '../system/is-there.ts';

/** A disk's report about itself. */
export interface SmartVerdict {
  /** `warning`: the disk calls itself healthy, but some values need attention. */
  readonly state: 'passed' | 'warning' | 'failing';
  /** A few words for each problem. */
  readonly remarks: readonly string[];
}

/** From the package smartmontools, which is optional. */
const smartctl = '/usr/sbin/smartctl';

/** Only reads; nothing here starts a self-test, wakes, or resets a bridge. See smartctl(8). */
const questions = ['--json=c', '--health', '--attributes', '--log=selftest'];

const number = z.number().optional().catch(undefined);
const selfTest = z.object({ status: z.object({ passed: z.boolean().optional() }).optional() });
const nvmeSelfTest = z.object({ self_test_result: z.object({ value: z.number() }).optional() });

/** The parts of smartctl's JSON that are used; disks and bridges answer different parts. */
const answerSchema = z.object({
  smartctl: z.object({ exit_status: z.number() }),
  smart_status: z.object({ passed: z.boolean() }).optional().catch(undefined),
  ata_smart_attributes: z
    .object({ table: z.array(z.object({ id: z.number(), raw: z.object({ value: z.number() }) })) })
    .optional()
    .catch(undefined),
  ata_smart_self_test_log: z
    .object({
      standard: z.object({ table: z.array(selfTest).default([]) }).optional(),
      extended: z.object({ table: z.array(selfTest).default([]) }).optional(),
    })
    .optional()
    .catch(undefined),
  nvme_smart_health_information_log: z
    .object({ media_errors: number, percentage_used: number })
    .optional()
    .catch(undefined),
  nvme_self_test_log: z
    .object({ table: z.array(nvmeSelfTest).default([]) })
    .optional()
    .catch(undefined),
});

/** Bits of smartctl's exit status; see smartctl(8), EXIT STATUS. The others report failed calls and past errors. */
const bits = { wrongCall: 1, notOpened: 2, failing: 8, belowThreshold: 16 } as const;

/** Counters of SATA disks for sectors that cannot be read or written. */
const counters: Readonly<Record<number, string>> = { 5: 'reallocated', 197: 'pending', 198: 'uncorrectable' };

/**
 * Parses the output of smartctl.
 * @returns undefined when the disk, or its USB bridge, reports no health
 */
export function parseSmart(json: string): SmartVerdict | undefined {
  const parsed = answerSchema.safeParse(jsonOf(json));
  if (!parsed.success) return undefined;
  const answer = parsed.data;
  const status = answer.smartctl.exit_status;
  if ((status & (bits.wrongCall | bits.notOpened)) !== 0 || answer.smart_status === undefined) return undefined;
  const nvme = answer.nvme_smart_health_information_log;
  const remarks = [
    ...((status & bits.belowThreshold) === 0 ? [] : ['a value is below its threshold']),
    ...(answer.ata_smart_attributes?.table ?? []).flatMap(({ id, raw }) =>
      counters[id] === undefined || raw.value === 0 ? [] : [plural(raw.value, `${counters[id]} sector`)],
    ),
    ...((nvme?.media_errors ?? 0) === 0 ? [] : [plural(nvme?.media_errors ?? 0, 'media error')]),
    ...((nvme?.percentage_used ?? 0) < 100 ? [] : ['worn out']),
    ...(lastSelfTestFailed(answer) ? ['its last self-test failed'] : []),
  ];
  const isFailing = !answer.smart_status.passed || (status & bits.failing) !== 0;
  return { state: isFailing ? 'failing' : remarks.length > 0 ? 'warning' : 'passed', remarks };
}

function lastSelfTestFailed({
  ata_smart_self_test_log: ata,
  nvme_self_test_log: nvme,
}: z.infer<typeof answerSchema>): boolean {
  const [last] = ata?.extended?.table ?? ata?.standard?.table ?? [];
  if (last?.status?.passed === false) return true;
  const result = nvme?.table[0]?.self_test_result?.value ?? 0;
  return result >= 5 && result <= 7; // NVMe base specification: a segment failed; 1 to 4 are tests that were ended
}

const plural = (value: number, noun: string): string => `${value} ${noun}${value === 1 ? '' : 's'}`;

/** Whether smartmontools is installed. */
export const hasSmartctl = (): Promise<boolean> => isThere(smartctl);

/** Asks a disk directly; for commands of root. `disk` is its kernel name. undefined without an answer in time. */
export async function askSmart(start: StartProgram, disk: string): Promise<SmartVerdict | undefined> {
  return answerOf(async () => {
    const { stdout } = await start({
      file: smartctl,
      args: [...questions, `/dev/${disk}`],
      timeoutMs: 20_000,
      accept: Array.from({ length: 255 }, (_, index) => index + 1),
    });
    return stdout;
  });
}

/**
 * Asks a disk through a unit of its own: SMART of SATA disks needs a capability that lets its holder send a disk any
 * command; the agent does not have it.
 * @param runDirectory the directory for the answer
 */
export async function askSmartByUnit(
  start: StartProgram,
  runDirectory: string,
  disk: string,
): Promise<SmartVerdict | undefined> {
  if (!/^[a-z][a-z0-9]*$/.test(disk)) return undefined;
  const file = `${runDirectory}/smart-${disk}.json`;
  return answerOf(async () => {
    await rm(file, { force: true });
    await start({ file: '/usr/bin/systemctl', args: ['start', `extbackup-smart@${disk}.service`], timeoutMs: 45_000 });
    const answer = await readIfThere(file);
    await rm(file, { force: true });
    return answer ?? '';
  });
}

async function answerOf(ask: () => Promise<string>): Promise<SmartVerdict | undefined> {
  try {
    return parseSmart(await ask());
  } catch (error) {
    if (error instanceof CommandError) return undefined;
    throw error;
  }
}
