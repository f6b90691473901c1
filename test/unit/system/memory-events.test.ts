import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readOomKills } from '../../../src/system/memory-events.ts';

it.each([
  ['the service itself', '0::/system.slice/extbackup.service\n'],
  ['what runs below it', '0::/system.slice/extbackup.service/.control\n'],
])('counts what the kernel ended in the service, asked by %s', async (_who, group) => {
  const top = await mkdtemp(join(tmpdir(), 'oom-'));
  const service = join(top, 'system.slice/extbackup.service');
  await mkdir(service, { recursive: true });
  await mkdir(join(top, 'self'));
  await writeFile(join(top, 'self/cgroup'), group);
  expect(await readOomKills(top, top)).toBeUndefined();
  await writeFile(join(service, 'memory.events'), 'low 0\noom 3\noom_kill 2\noom_group_kill 0\n');
  expect(await readOomKills(top, top)).toBe(2);
  await rm(top, { recursive: true });
});
