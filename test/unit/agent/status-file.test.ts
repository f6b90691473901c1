import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createBus } from '../../../src/bus/bus.ts';
import { createStatusFile } from '../../../src/agent/status-file.ts';
import type { AttachBoard } from '../../../src/agent/attach-board.ts';
import { watchWarnings } from '../../../src/agent/warnings.ts';
import { ConfigError } from '../../../src/errors.ts';
import { readAgentStatus } from '../../../src/client/read-status.ts';
import { defaultPaths, files, type Paths } from '../../../src/system/paths.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'status-file-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const emptyBoard = { present: () => new Set(), describe: () => [], run: null } as unknown as AttachBoard;

/** The status file of an agent without disks, whose registry answers after a while. */
function start(drives: () => Promise<[]>) {
  const paths: Paths = { ...defaultPaths, run: directory, state: directory };
  const errors: unknown[] = [];
  const statusFile = createStatusFile({
    ...{ paths, drives, file: files.status(paths), rotationMemory: join(directory, 'rotation.json') },
    board: () => emptyBoard,
    warnings: watchWarnings(createBus(() => undefined)),
    loadConfig: () => Promise.reject(new ConfigError('no settings', '')),
    keyIsLoaded: () => Promise.resolve(false),
    onStatus: () => undefined,
    onError: (error) => errors.push(error),
  });
  return { paths, statusFile, errors };
}

it('is there when the agent says that it is ready: a command right after the start finds the agent', async () => {
  const { paths, statusFile, errors } = start(() => pause(50, []));
  expect(await readAgentStatus(paths)).toBeUndefined();
  await statusFile.publishFirst();
  expect(errors).toEqual([]);
  expect(await readAgentStatus(paths)).toMatchObject({ agent: 'running', pid: process.pid });
});

it('keeps nobody waiting when it cannot be written', async () => {
  const { statusFile, errors } = start(() => Promise.reject(new Error('unreadable')));
  await statusFile.publishFirst();
  expect(errors).toEqual([new Error('unreadable')]);
});
