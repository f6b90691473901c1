import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ExtbackupError } from '../../../src/errors.ts';
import { requestAndFollow } from '../../../src/client/request.ts';
import { ourRun } from '../../../src/client/run-view.ts';
import type { RunStatus } from '../../../src/protocol/status.ts';
import { files } from '../../../src/system/paths.ts';
import { createFakeAgent, type FakeAgent } from './fake-agent.ts';

const wish = { kind: 'run', drive: 'BACKUP_1', scheduled: false } as const;
const aRun: RunStatus = {
  id: 'run-1',
  drive: 'BACKUP_1',
  phase: 'pulling',
  percent: 40,
  bytes: 400,
  files: 4,
  expectedBytes: null,
  checked: null,
  lastTookMs: null,
  etaSeconds: 6,
  startedAt: '2026-03-01T10:00:00Z',
};

let agent: FakeAgent;
beforeEach(async () => {
  agent = await createFakeAgent();
});
afterEach(async () => {
  await agent.remove();
});

const errorOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('a request', () => {
  test('is dropped whole and private, followed, and its answer is cleared away', async () => {
    await agent.run();
    const seen: number[] = [];
    const answer = requestAndFollow(agent.paths, wish, {
      onNews: (reply, status) => {
        const percent = ourRun(reply, status)?.percent;
        if (percent != null) seen.push(percent);
      },
    });
    const request = await agent.nextRequest();
    expect(request).toMatchObject({ version: 1, kind: 'run', drive: 'BACKUP_1', scheduled: false });
    await agent.reply({ id: request.id, state: 'queued', runIds: ['run-1'] });
    await agent.reply({ id: request.id, state: 'started', runIds: ['run-1'] });
    await agent.run(aRun);
    await vi.waitFor(() => {
      expect(seen).toContain(40);
    }, 1_500);
    await agent.reply({
      id: request.id,
      state: 'done',
      runIds: ['run-1'],
      exitCode: 3,
      happened: 'Some files vanished.',
    });
    expect(await answer).toMatchObject({ exitCode: 3, happened: 'Some files vanished.' });
    expect(await readdir(files.replies(agent.paths))).toEqual([]);
  });

  test('is a file of mode 0600', async () => {
    await agent.run();
    const leave = new AbortController();
    const answer = errorOf(requestAndFollow(agent.paths, wish, { leave: leave.signal }));
    const spool = files.spool(agent.paths);
    const [name = ''] = await vi.waitUntil(async () => {
      const names = await readdir(spool);
      return names.length > 0 && names;
    });
    expect((await stat(`${spool}/${name}`)).mode & 0o777).toBe(0o600);
    leave.abort();
    expect(await answer).toMatchObject({ exitCode: 130 });
  });

  test("to an agent that was never there, or whose process number is somebody else's now, is a usage error", async () => {
    expect(await errorOf(requestAndFollow(agent.paths, wish))).toMatchObject({
      exitCode: 2,
      message: 'The agent is not running.',
      todo: 'Start it: systemctl start extbackup',
    });
    const child = spawn('/bin/sleep', ['60']);
    await agent.run(null, child.pid);
    child.kill();
    await once(child, 'exit');
    expect(await errorOf(requestAndFollow(agent.paths, wish))).toMatchObject({
      exitCode: 2,
      message: 'The agent is not running.',
    });
    expect(await readdir(files.spool(agent.paths))).toEqual([]);
  });

  test('that nobody has read when the agent dies is taken back', async () => {
    const child = spawn('/bin/sleep', ['60']);
    await agent.run(null, child.pid);
    const answer = errorOf(requestAndFollow(agent.paths, wish));
    await vi.waitUntil(async () => (await readdir(files.spool(agent.paths))).length > 0);
    child.kill();
    expect(await answer).toMatchObject({ exitCode: 2 });
    expect(await readdir(files.spool(agent.paths))).toEqual([]);
  });

  test('whose run was going on when the agent dies ends with DO NOT UNPLUG', async () => {
    const child = spawn('/bin/sleep', ['60']);
    await agent.run(null, child.pid);
    const answer = errorOf(requestAndFollow(agent.paths, wish));
    const { id } = await agent.nextRequest();
    await agent.reply({ id, state: 'started', runIds: ['run-1'] });
    child.kill();
    const error = await answer;
    expect(error).toBeInstanceOf(ExtbackupError);
    expect(error).toMatchObject({
      code: 'EXB_AGENT_GONE',
      exitCode: 20,
      todo: expect.stringContaining('DO NOT UNPLUG') as string,
    });
  });

  test('that was answered just before the agent died counts as answered', async () => {
    const child = spawn('/bin/sleep', ['60']);
    await agent.run(null, child.pid);
    const answer = requestAndFollow(agent.paths, wish);
    const { id } = await agent.nextRequest();
    await agent.reply({ id, state: 'done', exitCode: 0 });
    child.kill('SIGKILL');
    expect(await answer).toMatchObject({ exitCode: 0 });
  });

  test('is cancelled by a second note, and waits for the end all the same', async () => {
    await agent.run();
    const cancel = new AbortController();
    const answer = requestAndFollow(agent.paths, wish, { cancel: cancel.signal });
    const { id } = await agent.nextRequest();
    await agent.reply({ id, state: 'started', runIds: ['run-1'] });
    cancel.abort();
    expect(await agent.nextRequest()).toMatchObject({ kind: 'cancel', id });
    await agent.reply({ id, state: 'done', runIds: ['run-1'], exitCode: 130 });
    expect(await answer).toMatchObject({ exitCode: 130 });
  });
});

describe('an agent that notices nothing', () => {
  test('ends the request with words, and takes it back', async () => {
    await agent.run();
    const error = await errorOf(requestAndFollow(agent.paths, wish, { patienceMs: 100 }));
    expect(error).toBeInstanceOf(ExtbackupError);
    expect((error as ExtbackupError).message).toContain('does not notice the request');
    expect(await readdir(files.spool(agent.paths))).toEqual([]);
  }, 20_000);

  test('lets the request be cancelled at once', async () => {
    await agent.run();
    const cancel = new AbortController();
    const answer = errorOf(requestAndFollow(agent.paths, wish, { cancel: cancel.signal }));
    await vi.waitFor(async () => {
      expect(await readdir(files.spool(agent.paths))).toHaveLength(1);
    }, 10_000);
    cancel.abort();
    expect(await answer).toMatchObject({ exitCode: 130 });
    expect(await readdir(files.spool(agent.paths))).toEqual([]);
  }, 20_000);

  test('takes a request and answers nothing: it ends with words, too', async () => {
    await agent.run();
    const answer = errorOf(requestAndFollow(agent.paths, wish, { patienceMs: 500 }));
    await agent.nextRequest();
    expect(await answer).toMatchObject({ exitCode: 2 });
  }, 20_000);

  test('hears of no cancelling: the caller ends all the same, and is told that the disk may be open', async () => {
    await agent.run();
    const cancel = new AbortController();
    const answer = errorOf(requestAndFollow(agent.paths, wish, { cancel: cancel.signal, patienceMs: 3_000 }));
    const { id } = await agent.nextRequest();
    await agent.reply({ id, state: 'started', runIds: ['run-1'] });
    cancel.abort();
    expect(await answer).toMatchObject({ exitCode: 20, todo: expect.stringContaining('DO NOT UNPLUG') as string });
    expect(await readdir(files.spool(agent.paths))).toEqual([]);
  }, 20_000);
});
