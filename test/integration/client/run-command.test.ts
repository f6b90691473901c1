import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCommand as makeRunCommand } from '../../../src/commands/run.ts';
import { jsonOutputs } from '../../../src/commands/json-output.ts';
import type { CliContext } from '../../../src/terminal/cli-context.ts';
import { statusCommand } from '../../../src/commands/status.ts';
import { ConfigError } from '../../../src/errors.ts';
import { driveRecordSchema } from '../../../src/records/drive-record.ts';
import { createDriveRegistry } from '../../../src/records/drive-registry.ts';
import { createRunLog } from '../../../src/records/run-log.ts';
import { statusSchema } from '../../../src/protocol/status.ts';
import { aRunRecord } from '../../fakes/a-run-record.ts';
import { startProgram } from '../../../src/system/command.ts';
import { files } from '../../../src/system/paths.ts';
import { createFakeAgent, type FakeAgent } from './fake-agent.ts';

let agent: FakeAgent;
let out: string[];
let err: string[];
let exitCode: number;
let context: CliContext;
beforeEach(async () => {
  agent = await createFakeAgent();
  await agent.run();
  [out, err, exitCode] = [[], [], 0];
  context = {
    paths: agent.paths,
    version: '0',
    start: startProgram,
    loadConfig: () => Promise.reject(new ConfigError('none', 'none')),
    print: (text) => {
      out.push(text);
    },
    note: (text) => {
      err.push(text);
    },
    exitWith: (code) => {
      exitCode = code;
    },
  };
});
afterEach(async () => {
  await agent.remove();
});

const run = (...words: string[]): Promise<unknown> => makeRunCommand(context).parseAsync(words, { from: 'user' });

const enrolled = driveRecordSchema.parse({
  label: 'BACKUP_1',
  luksUuid: '00000000-0000-4000-8000-000000000001',
  sealedId: '3f2504e0-4f89-41d3-9a0c-0305e82c3301',
  generation: 1,
  enrolledAt: '2026-01-01T00:00:00.000Z',
});

test('a good run ends with 0 and says on standard output that the disk may be unplugged', async () => {
  const done = run('--drive', 'BACKUP_1');
  const { id, drive } = await agent.nextRequest();
  expect(drive).toBe('BACKUP_1');
  await createDriveRegistry(files.drives(agent.paths)).update(() => [enrolled]);
  await createRunLog(files.runs(agent.paths)).append(
    aRunRecord({ trigger: 'request', tookMs: 42_000, filesTransferred: 1, bytesTransferred: 1_000 }),
  );
  await agent.reply({ id, state: 'done', runIds: ['r1'], exitCode: 0, happened: 'BACKUP_1 is done, safe to unplug.' });
  await done;
  expect({ out, exitCode }).toEqual({
    out: ['BACKUP_1 is done, safe to unplug. 1 file copied (1 kB) in 42 s.'],
    exitCode: 0,
  });
});

test('a failed run ends with its exit code and says why on standard error', async () => {
  const done = run();
  const { id } = await agent.nextRequest();
  await agent.reply({ id, state: 'done', exitCode: 13, happened: 'The server did not answer.', todo: 'Check it.' });
  await done;
  expect({ out, err, exitCode }).toEqual({ out: [], err: ['The server did not answer.', 'Check it.'], exitCode: 13 });
});

test('a fresh copy is good news with an exit code of its own', async () => {
  const done = run('--scheduled');
  const request = await agent.nextRequest();
  expect(request).toMatchObject({ kind: 'run', drive: null, scheduled: true });
  await agent.reply({ id: request.id, state: 'done', exitCode: 15, happened: 'The copy is still fresh.' });
  await done;
  expect({ out, err, exitCode }).toEqual({ out: ['The copy is still fresh.'], err: [], exitCode: 15 });
});

test('--json prints the answer alone', async () => {
  const done = run('--json');
  const { id } = await agent.nextRequest();
  await agent.reply({ id, state: 'done', exitCode: 13, happened: 'No.' });
  await done;
  expect(err).toEqual([]);
  expect(out.map((line): unknown => JSON.parse(line))).toMatchObject([{ id, exitCode: 13, happened: 'No.' }]);
});

test('--json --watch prints each change of the run, and the answer last', async () => {
  const done = run('--json', '--watch');
  const { id } = await agent.nextRequest();
  await agent.reply({ id, state: 'started', runIds: ['r1'] });
  const pulling = {
    ...{ id: 'r1', drive: 'BACKUP_1', phase: 'pulling', percent: 1, bytes: 1, files: 1, etaSeconds: null },
    ...{ expectedBytes: null, checked: null, lastTookMs: null, startedAt: '2026-03-01T10:00:00Z' },
  };
  await agent.run(pulling);
  while (out.length < 1) await new Promise((resolve) => setTimeout(resolve, 10));
  await agent.reply({ id, state: 'done', runIds: ['r1'], exitCode: 0 });
  await done;
  const lines = out.map((line) => jsonOutputs['run --watch'].schema.parse(JSON.parse(line)));
  expect(lines).toMatchObject([
    { type: 'progress', run: pulling },
    { type: 'result', exitCode: 0 },
  ]);
});

test('a cancelled run says what stays, and the last complete backup', async () => {
  const done = run();
  const { id } = await agent.nextRequest();
  await createDriveRegistry(files.drives(agent.paths)).update(() => [
    { ...enrolled, lastSuccess: '2026-02-01T10:00:00.000Z' },
  ]);
  await createRunLog(files.runs(agent.paths)).append(aRunRecord({ outcome: 'cancelled', exitCode: 130 }));
  await agent.reply({ id, state: 'done', runIds: ['r1'], exitCode: 130, happened: 'The run was cancelled.' });
  await done;
  expect(err.join('\n')).toMatch(/the copied files stay[^]*Its last complete backup is from 2026-02-01 /);
});

test('Ctrl-C cancels, says so, and ends with the answer', async () => {
  const done = run();
  const { id } = await agent.nextRequest();
  process.emit('SIGINT');
  expect(await agent.nextRequest()).toMatchObject({ kind: 'cancel', id });
  expect(err.join('\n')).toContain('Cancelling');
  await agent.reply({ id, state: 'done', exitCode: 130, happened: 'The run was cancelled.' });
  await done;
  expect(exitCode).toBe(130);
});

test("status --json is the agent's word, also without a configuration", async () => {
  await statusCommand(context).parseAsync(['--json'], { from: 'user' });
  expect(statusSchema.parse(JSON.parse(out[0] ?? ''))).toMatchObject({ agent: 'running', pid: process.pid });
});

test('status --watch --json is one line for each change of facts', async () => {
  const done = statusCommand(context).parseAsync(['--watch', '--json'], { from: 'user' });
  const lines = async (count: number): Promise<void> => {
    while (out.length < count) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  await lines(1);
  await agent.run(); // the same facts with a new time
  await agent.run({
    id: 'r1',
    drive: 'BACKUP_1',
    phase: 'pulling',
    percent: 1,
    bytes: 1,
    files: 1,
    expectedBytes: null,
    checked: null,
    lastTookMs: null,
    etaSeconds: null,
    startedAt: '2026-03-01T10:00:00Z',
  });
  await lines(2);
  process.emit('SIGINT');
  await done;
  expect(exitCode).toBe(130);
  expect(out.map((line) => statusSchema.parse(JSON.parse(line)).run?.phase)).toEqual([undefined, 'pulling']);
});
