/** Only a measured shortage lets history go: what a server prints, and the exit code that it sends, do not. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createBus } from '../../../src/bus/bus.ts';
import { jobSettings } from '../../fakes/job-settings.ts';
import { configSchema } from '../../../src/config/schema.ts';
import { sourceOf } from '../../../src/config/sources.ts';
import { readRoom } from '../../../src/disk/room.ts';
import { createGuard } from '../../../src/guard/guard.ts';
import { createRoomMaker } from '../../../src/pipeline/room.ts';
import { createStory } from '../../../src/pipeline/story.ts';
import { driveRecordSchema } from '../../../src/records/drive-record.ts';
import { runRsync } from '../../../src/rsync/run-rsync.ts';
import type { RsyncOutcome } from '../../../src/rsync/order.ts';
import { startProgram, type StartProgram } from '../../../src/system/command.ts';
import { FakeMachine } from '../../fakes/fake-machine.ts';

const mebibyte = 1024 * 1024;
const never = new AbortController().signal;
const config = configSchema.parse({ source: 'extbackup@backup', key: { derivation: 'sha512' } });
const record = driveRecordSchema.parse({
  label: 'BACKUP_1',
  luksUuid: 'uuid-1',
  sealedId: '3f0c5a52-52c1-4a53-9a57-0c0d6f7d9d11',
  generation: 1,
  enrolledAt: '2026-01-01T00:00:00Z',
});

let disk: string;
/** A disk with 2 of 300 MiB free. */
beforeEach(async () => {
  disk = await mkdtemp(join(tmpdir(), 'extbackup-full-'));
  await startProgram({
    file: '/usr/bin/mount',
    args: ['-t', 'tmpfs', '-o', 'size=300m', 'none', disk],
    timeoutMs: 10_000,
  });
  await writeFile(join(disk, 'old'), Buffer.alloc(298 * mebibyte));
});
afterEach(async () => {
  await startProgram({ file: '/usr/bin/umount', args: ['--lazy', disk], timeoutMs: 10_000 });
  await rm(disk, { recursive: true, force: true });
});

/** @param rsync what it does before it ends with the code and these words */
const pullWith = (
  exitCode: number,
  stderr: string,
  rsync: () => Promise<void> = () => Promise.resolve(),
): Promise<RsyncOutcome> => {
  const start: StartProgram = async (command) => {
    if (!command.file.endsWith('/rsync')) return { exitCode: 0, stdout: '', stderr: '' };
    await rsync();
    command.onStderr?.(stderr);
    return { exitCode, stdout: '', stderr };
  };
  const order = { config, source: sourceOf(config), onProgress: () => undefined };
  return runRsync(start, order, { mirror: disk, rsh: '/nonexistent' }, never);
};

/** Whether history went because of how a pull ended. */
async function losesHistory(outcome: RsyncOutcome): Promise<boolean> {
  const machine = new FakeMachine();
  machine.prunable = 1;
  machine.room = await readRoom(disk);
  const now = new Date();
  const time = { measured: now, station: now, jumpMs: 0, isDoubtful: false, position: 1 };
  const source = sourceOf(config);
  const room = createRoomMaker({
    job: { record, device: '/dev/sda1', ...jobSettings(config), time },
    machine,
    story: createStory(
      createBus(() => undefined),
      'run-1',
      'BACKUP_1',
      () => undefined,
    ),
    guard: createGuard(source.guard, { ...record, filesTotal: 0, bytesTotal: 0 }, never),
    order: { config, source, onProgress: () => undefined },
  });
  await room.ensure(never);
  await room.more(outcome, never);
  return machine.calls.includes('pruneHistory');
}

it('no text and no exit code of the server makes history go on a disk that is nearly full', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(fc.constantFrom(11, 13, 23), fc.integer({ min: 0, max: 255 })),
      fc.array(
        fc.oneof(
          fc.constant('rsync: [receiver] write failed on "x": No space left on device (28)'),
          fc.constant('rsync error: error in file IO (code 11) at receiver.c(380) [receiver=3.2.7]'),
          fc.string(),
        ),
        { maxLength: 3 },
      ),
      async (exitCode, lines) => {
        expect(await losesHistory(await pullWith(exitCode, lines.join('\n')))).toBe(false);
      },
    ),
    { numRuns: 60 },
  );
});

it('a disk that a file filled makes it go, also when the file is gone again, and without a word', async () => {
  const fill = async (): Promise<void> => {
    await writeFile(join(disk, 'new'), Buffer.alloc(3 * mebibyte)).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 50)); // rsync has to end, too
    await rm(join(disk, 'new'));
  };
  const outcome = await pullWith(11, '', fill);
  expect(outcome).toMatchObject({ trouble: 'disk-full', shortage: 'blocks' });
  expect(await losesHistory(outcome)).toBe(true);
});
