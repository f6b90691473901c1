import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createDriveRegistry, type DriveRegistry } from '../../../src/records/drive-registry.ts';
import { disk, enrolled, startAgent } from './an-agent.ts';

let at: { directory: string; registry: DriveRegistry; key: boolean };
beforeEach(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'attaches-'));
  at = { directory, registry: createDriveRegistry(join(directory, 'drives.json')), key: true };
  await at.registry.update(() => [enrolled]);
});
afterEach(() => rm(at.directory, { recursive: true, force: true }));

const setState = (state: 'active' | 'retired' | 'lost') => at.registry.update(() => [{ ...enrolled, state }]);

it('takes a disk that is reported lost while it waits for the key out of the waiting, and never opens it', async () => {
  at.key = false;
  const { look, opened, shown, queue } = await startAgent(at);
  await look(disk('sda', 1));
  expect(shown()).toMatchObject({ state: 'waiting-for-key' });
  await setState('lost');
  at.key = true;
  await look(disk('sda', 1));
  expect(shown()).toMatchObject({ state: 'failed' });
  expect(shown()?.message).toContain('noted as lost. It was not opened.');
  expect({ opened, waiting: queue.waiting }).toEqual({ opened: [], waiting: [] });
});

it.each([
  ['lost', 'BACKUP_1 is noted as lost'],
  ['retired', 'BACKUP_1 is retired'],
  ['forgotten', 'No disk is enrolled as BACKUP_1'],
] as const)('drops the queued run of a disk that is %s meanwhile, and says why', async (what, words) => {
  const { look, opened, dropped, queue, endRun } = await startAgent(at);
  queue.add('OTHER', { diskseq: 9, luksUuid: 'other' }, 'plug');
  await Promise.resolve();
  await look(disk('sda', 1));
  await (what === 'forgotten' ? at.registry.update(() => []) : setState(what));
  await look(disk('sda', 1));
  expect(dropped).toEqual([expect.stringContaining(words)]);
  await endRun();
  expect(opened).toEqual([9]);
});

it('tells of a lost and of a retired disk that is plugged in, and does not open it', async () => {
  await setState('retired');
  const { look, opened, ignored, shown } = await startAgent(at);
  await look(disk('sda', 1));
  expect(shown()?.message).toContain(
    'A retired disk was plugged in. Disk BACKUP_1 is retired: no run uses it. It was not opened.',
  );
  await setState('lost');
  await look();
  await look(disk('sda', 2));
  expect(shown()?.message).toContain(
    'A lost disk has turned up. Disk BACKUP_1 is noted as lost. It was not opened. If it was found: extbackup drive lost BACKUP_1 --undo',
  );
  expect({ opened, ignored }).toEqual({ opened: [], ignored: ['not-enrolled sda1', 'not-enrolled sda1'] });
});

it('shows a found disk as plugged in, without a run of its own, and a run that goes on is left alone', async () => {
  const { look, opened, shown, endRun } = await startAgent(at);
  await look(disk('sda', 1));
  await setState('lost');
  await look(disk('sda', 1));
  expect(shown()).toMatchObject({ state: 'running' });
  await endRun();
  await look(disk('sda', 1));
  expect(shown()).toMatchObject({ state: 'failed' });
  await setState('active');
  await look(disk('sda', 1));
  expect(shown()).toMatchObject({ state: 'idle' });
  expect(opened).toEqual([1]);
});

it('forgets why a disk was refused when it is enrolled again', async () => {
  const { look, shown, endRun } = await startAgent(at);
  await look(disk('sda', 1));
  await endRun();
  expect(shown()).toMatchObject({ state: 'safe-to-unplug' });
  await at.registry.update(() => [
    { ...enrolled, sealedId: '3f2504e0-4f89-41d3-9a0c-0305e82c3302', enrolledDuring: { bootId: 'boot', diskseq: 1 } },
  ]);
  await look(disk('sda', 1));
  expect(shown()).toMatchObject({ state: 'idle', message: expect.stringContaining('Just enrolled') as string });
});
