import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createDriveRegistry, type DriveRegistry } from '../../../src/records/drive-registry.ts';
import { disk, enrolled, startAgent } from './an-agent.ts';

let directory: string;
let registry: DriveRegistry;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'extbackup-off-'));
  registry = createDriveRegistry(join(directory, 'drives.json'));
  await registry.update(() => [enrolled]);
});
afterEach(() => rm(directory, { recursive: true }));

it('a disk that the agent removes from the bus is not unplugged: its run is not ended, and its state stays', async () => {
  const agent = await startAgent({ directory, registry, key: true });
  await agent.look(disk('sda', 7));
  agent.board.expectPowerOff('BACKUP_1', true);
  await agent.look(); // it is gone before the end of the run
  expect(agent.removed).toEqual([]);
  expect(agent.dropped).toEqual([]);
  expect(agent.shown()).toMatchObject({ present: false, state: 'running' });
  await agent.endRun();
  expect(agent.shown()).toMatchObject({
    ...{ present: false, state: 'safe-to-unplug', parked: true, poweredOff: true },
    message: 'It is powered off. To use it again, plug it in anew.',
  });
});

it('the state is the same when the disk goes after the end of the run, and a new plug-in starts a run', async () => {
  const agent = await startAgent({ directory, registry, key: true });
  await agent.look(disk('sda', 7));
  agent.board.expectPowerOff('BACKUP_1', true);
  await agent.endRun();
  await agent.look();
  expect(agent.shown()).toMatchObject({ state: 'safe-to-unplug', poweredOff: true });
  await agent.look(disk('sda', 8));
  expect(agent.opened).toEqual([7, 8]);
  expect(agent.shown()).not.toHaveProperty('poweredOff');
  await agent.endRun();
});

it('without success, a disk that goes was unplugged by somebody', async () => {
  const agent = await startAgent({ directory, registry, key: true });
  await agent.look(disk('sda', 7));
  agent.board.expectPowerOff('BACKUP_1', true);
  agent.board.expectPowerOff('BACKUP_1', false);
  await agent.endRun();
  await agent.look();
  expect(agent.removed).toEqual(['BACKUP_1']);
  expect(agent.shown()).toMatchObject({ state: 'absent' });
});
