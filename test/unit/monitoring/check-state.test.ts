import { chmod, mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createCheckFile } from '../../../src/agent/check-file.ts';
import type { Config } from '../../../src/config/schema.ts';
import { usualRotation } from '../../../src/config/rotation-setting.ts';
import { readCheckState } from '../../../src/monitoring/check-state.ts';
import type { Status } from '../../../src/protocol/status.ts';
import { readProcessStart } from '../../../src/system/process-start.ts';
import { defaultPaths, files } from '../../../src/system/paths.ts';
import { aStatus } from '../../fakes/a-status.ts';

const now = new Date('2026-11-29T12:00:00Z');
const paths = { ...defaultPaths };
let top: string;
let readable: boolean;

beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'extbackup-check-'));
  Object.assign(paths, { run: join(top, 'run') });
  await mkdir(join(top, 'run-check'));
  readable = true;
});
afterEach(() => rm(top, { recursive: true }));

const keeper = () =>
  createCheckFile({
    paths,
    loadConfig: () => Promise.resolve({ rotation: usualRotation, check: { readable } } as Config),
    onError: (error) => {
      throw error;
    },
  });
const running = async (more: Partial<Status> = {}) =>
  aStatus({ pid: process.pid, pidStartTime: (await readProcessStart(process.pid)) ?? '', ...more });
const content = () => expect.poll(() => readFile(files.checkState(paths), 'utf8').catch(() => ''));

it('is readable for everybody when the settings say so, and goes when they do not any more', async () => {
  const write = keeper();
  write(await running());
  await content().toContain('BACKUP_1');
  expect((await stat(files.checkState(paths))).mode & 0o777).toBe(0o644);
  readable = false;
  write(await running());
  await content().toBe('');
});

it('is not there where nobody asked for it', async () => {
  readable = false;
  keeper()(await running());
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(await readCheckState(paths, now)).toBeUndefined();
});

it('gives the state of a running agent, and says of one that has ended that it is stopped', async () => {
  const write = keeper();
  write(await running());
  await content().toContain('"running"');
  const state = await readCheckState(paths, new Date(now.getTime() + 20 * 86_400_000));
  expect(state?.status.agent).toBe('running');
  expect(state?.status.rotation).toMatchObject({ overdue: true, offlineCopy: { ageSeconds: 22 * 86_400 } });
  write(await running({ pidStartTime: '1' }));
  await expect.poll(async () => (await readCheckState(paths, now))?.status.agent).toBe('stopped');
});

it('is written once for the progress of a run', async () => {
  const write = keeper();
  const run = {
    ...{ id: 'r', drive: 'BACKUP_1', phase: 'pulling', etaSeconds: null, startedAt: now.toISOString() },
    ...{ expectedBytes: null, checked: null, lastTookMs: null },
  };
  write(await running({ run: { ...run, percent: 1, bytes: 1, files: 1 } }));
  await content().toContain('BACKUP_1');
  await chmod(files.checkState(paths), 0o600);
  write(await running({ run: { ...run, percent: 2, bytes: 2, files: 2 } }));
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect((await stat(files.checkState(paths))).mode & 0o777).toBe(0o600);
});
