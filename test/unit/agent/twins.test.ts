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

it('opens neither of two disks with one LUKS id, nor the one that stays, before it is plugged in anew', async () => {
  const { look, opened, ignored, shown, endRun } = await startAgent(at);
  await look(disk('sda', 1), disk('sdb', 2));
  expect(ignored).toEqual(['duplicate-uuid sda1', 'duplicate-uuid sdb1']);
  expect(shown()).toMatchObject({
    state: 'failed',
    present: true,
    message:
      'Two disks with the LUKS header of BACKUP_1 are plugged in; one is a copy. ' +
      'Take both out, unless one is in use (see: extbackup status), and plug in the real one alone.',
  });
  await look(disk('sda', 1));
  expect(shown()).toMatchObject({ state: 'failed', present: true });
  expect(shown()?.message).toContain('not opened before it is plugged in anew. Take it out, unless it is in use');
  expect(ignored).toHaveLength(2);
  expect(opened).toEqual([]);
  await look();
  expect(shown()).toMatchObject({ state: 'absent', message: null });
  await look(disk('sda', 3));
  expect(opened).toEqual([3]);
  expect(shown()).toMatchObject({ state: 'running', message: null });
  await endRun();
});

it('stays with that when the agent starts again, and tells it once', async () => {
  await (await startAgent(at)).look(disk('sda', 1), disk('sdb', 2));
  const { look, opened, ignored, shown } = await startAgent(at);
  await look(disk('sdb', 2));
  expect({ opened, ignored, state: shown()?.state }).toEqual({ opened: [], ignored: [], state: 'failed' });
  expect(shown()?.message).toContain('plug in the real one alone');
});

it('takes back the run of a disk that waits for the key or for its turn when a twin comes', async () => {
  at.key = false;
  const { look, opened, shown, queue } = await startAgent(at);
  await look(disk('sda', 1));
  expect(shown()).toMatchObject({ state: 'waiting-for-key' });
  await look(disk('sda', 1), disk('sdb', 2));
  at.key = true;
  await look(disk('sda', 1), disk('sdb', 2));
  await look(disk('sda', 1));
  expect(shown()).toMatchObject({ state: 'failed' });
  expect(opened).toEqual([]);
  expect(queue.waiting).toEqual([]);
});

it('drops a queued run and shows the refusal, not an idle disk', async () => {
  const { look, opened, shown, queue, endRun } = await startAgent(at);
  queue.add('OTHER', { diskseq: 9, luksUuid: 'other' }, 'plug');
  await Promise.resolve();
  await look(disk('sda', 1));
  expect(shown()).toMatchObject({ state: 'queued' });
  await look(disk('sda', 1), disk('sdb', 2));
  expect(shown()).toMatchObject({ state: 'failed' });
  await endRun();
  expect(opened).toEqual([9]);
});

it('leaves a run alone that began before the twin came, and says that the twin is there', async () => {
  const { look, opened, ignored, shown, endRun } = await startAgent(at);
  await look(disk('sda', 1));
  await look(disk('sda', 1), disk('sdb', 2));
  expect(ignored).toEqual(['duplicate-uuid sdb1']);
  expect(shown()).toMatchObject({ state: 'running' });
  expect(shown()?.message).toContain('A second disk with the LUKS header of BACKUP_1 is plugged in (sdb1)');
  await endRun();
  await look(disk('sda', 1), disk('sdb', 2));
  expect(shown()).toMatchObject({ state: 'safe-to-unplug' });
  await look(disk('sdb', 2));
  expect(shown()).toMatchObject({ state: 'failed' });
  expect(opened).toEqual([1]);
});
