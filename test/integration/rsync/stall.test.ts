import { chmod, mkdtemp, readdir, readFile, rm, mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configSchema } from '../../../src/config/schema.ts';
import { sourceOf } from '../../../src/config/sources.ts';
import type { RsyncOutcome } from '../../../src/rsync/order.ts';
import { startProgram, type StartProgram } from '../../../src/system/command.ts';
import { pullError } from '../../../src/rsync/failure.ts';
import { createStallTimer } from '../../../src/rsync/stall-timer.ts';
import { runRsync } from '../../../src/rsync/run-rsync.ts';

let room: string;
beforeAll(async () => {
  room = await mkdtemp(join(tmpdir(), 'extbackup-stall-'));
  await mkdir(join(room, 'source'));
  await mkdir(join(room, 'mirror'));
  await writeFile(join(room, 'source/large'), Buffer.alloc(3_000_000, 'x'));
});
afterAll(() => rm(room, { recursive: true }));

/** Pulls with real rsync; in place of ssh stands this shell script, whose arguments are what the server should start. */
async function pullThrough(
  script: string,
  settings: object,
  onStart: (pid: number) => void = () => undefined,
): Promise<{ outcome: RsyncOutcome; tookMs: number }> {
  const shell = join(room, 'shell');
  await writeFile(
    shell,
    `#!/bin/sh\nwhile [ "$1" != rsync ]; do shift; done\ncd '${join(room, 'source')}'\n${script}\n`,
  );
  await chmod(shell, 0o755);
  const start: StartProgram = (command) =>
    startProgram({
      ...command,
      args: command.args
        .map((arg) => (arg.startsWith('--rsh=') ? `--rsh=${shell}` : arg))
        .filter((arg) => !arg.startsWith('--timeout=')), // that limit is rsync's own
      onStart: (pid) => {
        command.onStart?.(pid);
        onStart(pid);
      },
    });
  const config = configSchema.parse({ source: 'extbackup@backup', key: { derivation: 'sha512' }, pull: settings });
  const started = performance.now();
  const outcome = await runRsync(
    start,
    { config, source: sourceOf(config), onProgress: () => undefined },
    { mirror: join(room, 'mirror'), rsh: '/nonexistent' },
    new AbortController().signal,
  );
  return { outcome, tookMs: performance.now() - started };
}

async function membersOf(group: number | undefined): Promise<string[]> {
  const stats = await Promise.all(
    (await readdir('/proc'))
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')),
  );
  return stats.filter((stat) => {
    const [state, , members] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return members === String(group) && state !== 'Z';
  });
}

describe('a pull that does not get on', () => {
  it.each([
    ['a server that stands still', 'kill -STOP $$; exec "$@"'],
    ['a server that is busy with something else', 'while :; do sleep 0.1; done'],
  ])('because of %s is ended with all its processes, and worth another try', async (_what, script) => {
    let group: number | undefined;
    const { outcome, tookMs } = await pullThrough(script, { stallTimeout: '1s' }, (pid) => {
      group = pid;
    });
    expect(outcome.trouble).toBe('stalled');
    expect(tookMs).toBeGreaterThan(900);
    expect(tookMs).toBeLessThan(9_000);
    expect(await membersOf(group)).toEqual([]);
    expect(pullError('stalled', 'a@b', undefined)).toMatchObject({ code: 'EXB_STALLED', exitCode: 13 });
  });

  it('because our own rsync was stopped is ended too', async () => {
    const { outcome } = await pullThrough('exec "$@"', { stallTimeout: '1s', bandwidthLimit: 1_500 }, (pid) => {
      setTimeout(() => {
        process.kill(pid, 'SIGSTOP');
      }, 300);
    });
    expect(outcome.trouble).toBe('stalled');
  });
});

describe('a slow pull', () => {
  it('is left alone while it moves something', async () => {
    await rm(join(room, 'mirror'), { recursive: true });
    await mkdir(join(room, 'mirror'));
    const { outcome, tookMs } = await pullThrough('exec "$@"', { stallTimeout: '2s', bandwidthLimit: 600 });
    expect(outcome.trouble).toBeUndefined();
    expect(tookMs).toBeGreaterThan(3_500); // longer than the limit
  });
});

describe('a pull that has no end', () => {
  it('is ended after the longest time, though it moves something', async () => {
    await rm(join(room, 'mirror'), { recursive: true });
    await mkdir(join(room, 'mirror'));
    const { outcome } = await pullThrough('exec "$@"', { stallTimeout: '60s', longest: '2s', bandwidthLimit: 100 });
    expect(outcome.trouble).toBe('too-long');
    expect(pullError('too-long', 'a@b', undefined)).toMatchObject({ code: 'EXB_TOO_LONG', exitCode: 13 });
  });
});

describe('the watch itself', () => {
  it('sees by what the kernel counts that a silent rsync gets on', async () => {
    const watch = createStallTimer(1_000);
    const started = performance.now();
    try {
      await startProgram({
        file: '/usr/bin/rsync',
        args: ['--bwlimit=1000', '--whole-file', join(room, 'source/large'), join(room, 'copy')],
        timeoutMs: 50_000,
        ownGroup: true,
        signal: watch.signal,
        onStart: (pid) => {
          watch.begin(pid);
        },
      });
    } finally {
      watch.stop();
    }
    expect(watch.signal.aborted).toBe(false);
    expect(performance.now() - started).toBeGreaterThan(2_000); // longer than the limit
  });
});

describe('a server that prints a greeting', () => {
  it('gets words of its own', async () => {
    const { outcome } = await pullThrough('echo "Welcome to this server, please behave"; exec "$@"', {});
    expect(outcome.trouble).toBe('no-rsync');
  });
});
