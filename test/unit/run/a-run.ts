import { join } from 'node:path';
import type { Bus } from '../../../src/bus/bus.ts';
import type { Config } from '../../../src/config/schema.ts';
import { sealPath, driveRecordSchema, type DriveRecord } from '../../../src/records/drive-record.ts';
import type { DriveRegistry } from '../../../src/records/drive-registry.ts';
import type { RunRecord } from '../../../src/records/run-record.ts';
import type { Parking } from '../../../src/run/park-after-run.ts';
import { runOne, type RunEnd } from '../../../src/run/run-one.ts';
import { sealedId } from '../../fakes/enrolled-disk.ts';
import type { FakeMachine } from '../../fakes/fake-machine.ts';

const luksUuid = 'uuid-1';
const volume = { kname: 'sda1', device: '/dev/sda1' as const, disk: 'sda', diskseq: 7, luksUuid, usb: true };

/** The parts of a run that a test chooses. */
export interface RunParts {
  readonly runId: string;
  readonly directory: string;
  readonly bus: Bus;
  readonly registry: DriveRegistry;
  readonly config: Config;
  readonly machine: FakeMachine;
  readonly record: (record: RunRecord) => void;
  readonly parking?: Parking;
  /** Whether the disk is still on the bus. */
  readonly isThere?: () => boolean;
  /** What holds the disk. */
  readonly holds?: () => readonly string[];
}

/** One run to disk BACKUP_1, which was just plugged in. */
export function runTo(parts: RunParts): Promise<RunEnd> {
  const { runId, directory, bus, registry, config, machine, record, parking, isThere = () => true } = parts;
  return runOne(
    { runId, drive: 'BACKUP_1', trigger: 'plug', attach: { diskseq: volume.diskseq, luksUuid } },
    {
      bus,
      registry,
      deviceLock: join(directory, 'lock'),
      loadConfig: () => Promise.resolve(config),
      machineFor: () => machine,
      ...(parking && { parking }),
      findVolumes: () => Promise.resolve(isThere() ? [volume] : []),
      openedByPerson: () => Promise.resolve(undefined),
      begun: () => Promise.resolve(),
      foundCutOff: () => Promise.resolve(false),
      told: () => Promise.resolve(),
      rekeyAdvice: () => Promise.resolve(undefined),
      holdsOf: () => Promise.resolve(parts.holds?.() ?? []),
      health: {
        canAsk: () => Promise.resolve(true),
        ioErrors: () => Promise.resolve(0),
        smart: () => Promise.resolve(undefined),
      },
      onPhase: () => undefined,
      onProgress: () => undefined,
      record: (kept) => {
        record(kept);
        return Promise.resolve();
      },
    },
    new AbortController().signal,
  );
}

/** Enrols disk BACKUP_1, with one complete run and these figures, and puts it into the machine. */
export async function enrol(registry: DriveRegistry, machine: FakeMachine, figures: object): Promise<void> {
  const drive = driveRecordSchema.parse({
    ...{ label: 'BACKUP_1', luksUuid, sealedId, generation: 4 },
    enrolledAt: '2026-01-01T00:00:00Z',
    lastSuccess: '2026-01-02T00:00:00Z',
    ...figures,
  });
  await registry.update(() => [drive]);
  machine.inside.set('LABEL', 'BACKUP_1');
  machine.inside.set(sealPath, JSON.stringify({ version: 1, sealedId, luksUuid, label: 'BACKUP_1', generation: 4 }));
}

/** The registry's only record. */
export async function onlyDisk(registry: DriveRegistry): Promise<DriveRecord> {
  const [first] = await registry.list();
  if (first === undefined) throw new Error('there is no disk');
  return first;
}
