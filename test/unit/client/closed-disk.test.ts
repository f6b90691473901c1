import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { asSentence, closedDiskNow } from '../../../src/client/closed-disk.ts';
import { statusSchema } from '../../../src/protocol/status.ts';
import { defaultPaths, files, type Paths } from '../../../src/system/paths.ts';
import { readProcessStart } from '../../../src/system/process-start.ts';

let paths: Paths;
beforeEach(async () => {
  paths = { ...defaultPaths, run: join(await mkdtemp(join(tmpdir(), 'closed-')), 'run') };
  await mkdir(paths.run);
});
afterEach(() => rm(join(paths.run, '..'), { recursive: true, force: true }));

const disk = { label: 'BACKUP_1', luksUuid: 'u' };
const closed = (): Promise<undefined> => Promise.resolve(undefined);

async function agentSays(goesOn: boolean): Promise<void> {
  const drive = { ...disk, present: true, state: 'open', lastSuccess: null, overdue: false, nextUp: false, goesOn };
  const status = statusSchema.parse({
    ...{ version: 1, agent: 'running', key: 'loaded', run: null, updatedAt: '2026-03-01T12:00:00Z', drives: [drive] },
    ...{ pid: process.pid, pidStartTime: await readProcessStart(process.pid) },
  });
  await writeFile(files.status(paths), JSON.stringify(status));
}

it('is safe to unplug when nothing has it open, and the agent leaves it alone, or does not run', async () => {
  expect(asSentence(await closedDiskNow(paths, disk, closed))).toBe('Safe to unplug.');
  await agentSays(false);
  expect(asSentence(await closedDiskNow(paths, disk, closed))).toBe('Safe to unplug.');
});

it('is to be left alone when the agent opens it by itself, whatever it was called while it was open', async () => {
  await agentSays(true);
  expect(asSentence(await closedDiskNow(paths, disk, closed))).toMatch(/^Leave it plugged in: its backup starts/);
});

it('is called open when somebody else has it open', async () => {
  await agentSays(true);
  const text = asSentence(await closedDiskNow(paths, disk, () => Promise.resolve({ holders: ['x'], mountpoints: [] })));
  expect(text).toBe('DO NOT UNPLUG it: open (as x).');
});
