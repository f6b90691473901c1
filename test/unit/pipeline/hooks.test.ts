import { beforeEach, describe, expect, it } from 'vitest';
import { createBus } from '../../../src/bus/bus.ts';
import { machineWithDisk, record } from '../../fakes/enrolled-disk.ts';
import { jobSettings } from '../../fakes/job-settings.ts';
import { configSchema } from '../../../src/config/schema.ts';
import { NotReleasedError } from '../../../src/errors.ts';
import { backUp } from '../../../src/pipeline/back-up.ts';
import { type RunResult } from '../../../src/pipeline/job.ts';
import { createStory } from '../../../src/pipeline/story.ts';
import { goodPull, type FakeMachine } from '../../fakes/fake-machine.ts';

const points = ['before-mount', 'after-mount', 'before-sync', 'after-sync', 'before-close', 'after-close'] as const;
const config = configSchema.parse({
  source: 'a@b',
  key: { derivation: 'sha512' },
  pull: { retries: 0 },
  hooks: points.map((when) => ({ when, command: `/hooks/${when}` })),
});

describe('the hooks of a run', () => {
  let machine: FakeMachine;
  let warnings: string[];
  let abort: AbortController;
  const run = (): Promise<RunResult> => {
    const bus = createBus(() => undefined);
    bus.on('run:warned', ({ reason }) => {
      warnings.push(reason);
    });
    return backUp(
      { record, device: '/dev/sda1', ...jobSettings(config) },
      machine,
      createStory(bus, 'run-1', 'BACKUP_1', () => undefined),
      abort.signal,
    );
  };
  const started = () => machine.hookCalls.map(({ environment }) => environment['EXTBACKUP_HOOK']);
  const outcomes = () => machine.hookCalls.map(({ environment }) => environment['EXTBACKUP_OUTCOME']);

  beforeEach(() => {
    machine = machineWithDisk();
    warnings = [];
    abort = new AbortController();
  });

  it('are started in order, around their steps, and told where they are', async () => {
    await run();
    expect(started()).toEqual(points);
    expect(machine.hookCalls.map(({ mounted }) => mounted)).toEqual([false, true, true, true, true, false]);
    expect(machine.calls.filter((call) => /^(hook|open|mount|pull|stamp|ensure)/.test(call))).toEqual([
      'hook before-mount',
      'open',
      'mount',
      'hook after-mount',
      'hook before-sync',
      'pull',
      'hook after-sync',
      'hook before-close',
      'stamp',
      'ensureUnmounted',
      'ensureClosed',
      'hook after-close',
    ]);
    expect(machine.hookCalls[3]?.environment).toEqual({
      EXTBACKUP_HOOK: 'after-sync',
      EXTBACKUP_DRIVE: 'BACKUP_1',
      EXTBACKUP_RUN: 'run-1',
      EXTBACKUP_MOUNTPOINT: '/mnt/plaintext',
      EXTBACKUP_OUTCOME: 'complete',
    });
    expect(machine.hookCalls[0]?.environment).not.toHaveProperty('EXTBACKUP_MOUNTPOINT');
  });

  it.each([
    ['before-mount', ['before-mount', 'after-close']],
    ['before-sync', ['before-mount', 'after-mount', 'before-sync', 'after-sync', 'before-close', 'after-close']],
    ['before-close', points],
  ])('end the run when %s fails: closed, not stamped, and what began is ended', async (point, expected) => {
    machine.hookFailures.set(`/hooks/${point}`, 'ended with exit code 3');
    await expect(run()).rejects.toMatchObject({
      code: 'EXB_HOOK',
      exitCode: 13,
      message: `The ${point} hook /hooks/${point} ended with exit code 3.`,
    });
    expect(started()).toEqual(expected);
    expect(machine.opened || machine.mounted).toBe(false);
    expect(machine.stampedAt).toBeUndefined();
    expect(machine.calls.includes('pull')).toBe(point === 'before-close');
  });

  it.each(['after-mount', 'after-sync', 'after-close'])('only warn when %s fails', async (point) => {
    machine.hookFailures.set(`/hooks/${point}`, 'took too long and was ended');
    expect((await run()).stampedAt).toBeDefined();
    expect(warnings).toEqual([`The ${point} hook /hooks/${point} took too long and was ended.`]);
  });

  it('are told that the pull failed, and that failure stays what the operator is told', async () => {
    machine.pulls = [{ ...goodPull, trouble: 'network' }];
    machine.hookFailures.set('/hooks/before-close', 'ended with exit code 1');
    await expect(run()).rejects.toMatchObject({ code: 'EXB_NETWORK' });
    expect(started()).toEqual(points);
    expect(outcomes()).toEqual([undefined, undefined, undefined, 'failed', 'failed', 'failed']);
    expect(warnings).toHaveLength(1);
  });

  it('leave a foreign disk alone', async () => {
    machine.inside.set('LABEL', 'BACKUP_2');
    await expect(run()).rejects.toMatchObject({ code: 'EXB_LABEL_MISMATCH' });
    expect(started()).toEqual(['before-mount', 'after-close']);
  });

  it('do not run after closing when the disk is still open', async () => {
    machine.failing.set('ensureClosed', new Error('busy'));
    await expect(run()).rejects.toBeInstanceOf(NotReleasedError);
    expect(started()).not.toContain('after-close');
  });

  it('still clean up after a run that was cancelled', async () => {
    const pull = machine.pull;
    machine.pull = (order) => {
      abort.abort();
      return pull(order);
    };
    await expect(run()).rejects.toMatchObject({ exitCode: 130 });
    expect(outcomes().slice(3)).toEqual(['cancelled', 'cancelled', 'cancelled']);
  });
});
