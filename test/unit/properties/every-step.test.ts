import fc from 'fast-check';
import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { createBus } from '../../../src/bus/bus.ts';
import { configSchema } from '../../../src/config/schema.ts';
import { sourcesOf } from '../../../src/config/sources.ts';
import type { VolumeState } from '../../../src/disk/volume-state.ts';
import { ExtbackupError } from '../../../src/errors.ts';
import { backUp } from '../../../src/pipeline/back-up.ts';
import type { Machine } from '../../../src/pipeline/machine.ts';
import { measuredMachine } from '../../../src/pipeline/measured-machine.ts';
import { createMachine } from '../../../src/pipeline/real-machine.ts';
import { createStory } from '../../../src/pipeline/story.ts';
import { driveRecordSchema, sealPath } from '../../../src/records/drive-record.ts';
import { failureOf } from '../../../src/run/failure.ts';
import { CommandError } from '../../../src/system/command.ts';
import { defaultPaths } from '../../../src/system/paths.ts';
import { FakeMachine } from '../../fakes/fake-machine.ts';
import { noHelpers } from '../../fakes/no-helpers.ts';
import { runs } from '../../property-runs.ts';

const sealedId = '3f0c5a52-52c1-4a53-9a57-0c0d6f7d9d11';
const record = driveRecordSchema.parse({
  label: 'BACKUP_1',
  luksUuid: 'uuid-1',
  sealedId,
  generation: 1,
  enrolledAt: '2026-01-01T00:00:00Z',
});
const config = configSchema.parse({
  source: 'extbackup@backup',
  key: { derivation: 'sha512' },
  pull: { retries: 0 },
  hooks: [{ when: 'before-mount', command: '/bin/true' }],
});

/** Whatever the kernel answers, also what Node has no name for. */
const systemError = fc
  .oneof(
    fc.constantFrom(...Object.keys(constants.errno)),
    fc.integer({ min: 1, max: 4_095 }).map((number) => `Unknown system error -${String(number)}`),
  )
  .map((code) => Object.assign(new Error(`${code}: it did not work`), { code, errno: -1, syscall: 'read' }));

/** However a program ends, and whatever it says. */
const commandError = fc
  .record({
    exitCode: fc.option(fc.integer({ min: 1, max: 255 }), { nil: undefined }),
    reason: fc.constantFrom('ended with exit code', 'took too long', 'could not be started (ENOENT)', 'was ended'),
    stderr: fc.string(),
    timedOut: fc.boolean(),
    stillRuns: fc.boolean(),
  })
  .map(
    ({ exitCode, reason, stderr, timedOut, stillRuns }) =>
      new CommandError('/usr/sbin/x', [], reason, exitCode, stderr, timedOut, stillRuns),
  );
const cause = fc.oneof(systemError, commandError);

const volume: VolumeState = { bytes: 1_000_000, readOnly: false, errors: 3 };
const state = fc.option(fc.record({ bytes: fc.constant(1_000_000), readOnly: fc.boolean(), errors: fc.nat(9) }), {
  nil: undefined,
});

/** Every step that there is: a new one is tried, too. */
const steps = Object.keys(
  createMachine(
    () => Promise.reject(new Error('nothing is started')),
    defaultPaths,
    noHelpers(() => Promise.reject(new Error())),
  ),
) as (keyof Machine)[];
/** A failing undo is told by what it leaves open, and reading back ends no run: see below, in a whole run. */
const wordedElsewhere: readonly (keyof Machine)[] = ['ensureClosed', 'ensureUnmounted', 'verifyPart'];

it('knows the steps', () => {
  expect(steps).toEqual(
    expect.arrayContaining([
      'wake',
      'open',
      'check',
      'readInside',
      'flush',
      'stamp',
      'ensureUnmounted',
      'ensureClosed',
    ]),
  );
});

describe('no error of the system or of a program leaves a step without a verdict', () => {
  it.each(steps.filter((step) => !wordedElsewhere.includes(step)))('%s', async (step) => {
    await fc.assert(
      fc.asyncProperty(cause, state, async (error, after) => {
        let looks = 0;
        const machine = measuredMachine({ [step]: () => Promise.reject(error) } as unknown as Machine, {
          record: { label: 'BACKUP_1', capacityBytes: 1 },
          device: '/dev/sda1',
          read: () => Promise.resolve((looks += 1) === 1 ? volume : after),
        });
        const own = machine as unknown as Record<string, (...all: unknown[]) => Promise<unknown>>;
        const thrown: unknown = await own[step]?.('x', 'ext4', new AbortController().signal).catch(
          (caught: unknown) => caught,
        );
        expect(thrown).toBeInstanceOf(ExtbackupError);
        expect(failureOf(thrown).code).not.toBe('EXB_BUG');
      }),
      runs(60),
    );
  });
});

describe('a run ends with a verdict, whatever fails in it, and with how', () => {
  const inRun = [
    ...['wake', 'luksUuid', 'open', 'filesystemType', 'check', 'mount', 'pull', 'newHistory', 'countMirror'],
    ...['clearUnfinished', 'flush', 'stamp', 'pruneHistory', 'verifyPart', 'ensureUnmounted', 'ensureClosed'],
    ...[`write ${sealPath}`, 'write .extbackup/last-run.log', 'hook before-mount'],
  ];
  it.each(inRun)('%s', async (step) => {
    await fc.assert(
      fc.asyncProperty(cause, async (error) => {
        const machine = new FakeMachine();
        machine.inside.set('LABEL', 'BACKUP_1');
        machine.inside.set(
          sealPath,
          JSON.stringify({ version: 1, sealedId, luksUuid: 'uuid-1', label: 'BACKUP_1', generation: 1 }),
        );
        machine.failing.set(step, error);
        const bus = createBus(() => undefined);
        const story = createStory(bus, 'r', 'BACKUP_1', () => undefined);
        const end: unknown = await backUp(
          { record, device: '/dev/sda1', config, sources: sourcesOf(config) },
          machine,
          story,
          new AbortController().signal,
        ).then(
          () => undefined,
          (caught: unknown) => caught,
        );
        expect(machine.calls).toContain(step);
        if (end !== undefined) expect(failureOf(end).code).not.toBe('EXB_BUG');
        if (step === 'ensureClosed') expect(end).toBeDefined();
      }),
      runs(20),
    );
  });
});
