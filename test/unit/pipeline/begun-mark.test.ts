import { beforeEach, describe, expect, it } from 'vitest';
import { createBus } from '../../../src/bus/bus.ts';
import { machineWithDisk, record } from '../../fakes/enrolled-disk.ts';
import { jobSettings } from '../../fakes/job-settings.ts';
import { configSchema } from '../../../src/config/schema.ts';
import { backUp } from '../../../src/pipeline/back-up.ts';
import { begunPath, markBegun } from '../../../src/pipeline/begun-mark.ts';
import type { BegunMark } from '../../../src/pipeline/begun-record.ts';
import type { Job } from '../../../src/pipeline/job.ts';
import { createStory } from '../../../src/pipeline/story.ts';
import type { FakeMachine } from '../../fakes/fake-machine.ts';

const config = configSchema.parse({ source: 'a@b', key: { derivation: 'sha512' }, pull: { retries: 0 } });

describe('the disk itself says which run began and whether it ended', () => {
  let machine: FakeMachine;
  let warnings: string[];
  let found: BegunMark[];
  /** How a station answers that has, or has not, a record of the run that was cut off. */
  let isNews: boolean;
  const story = (id: string) => {
    const bus = createBus(() => undefined);
    bus.on('run:warned', ({ reason }) => {
      warnings.push(reason);
    });
    return createStory(bus, id, 'BACKUP_1', () => undefined);
  };
  const job: Job = {
    ...{ record, device: '/dev/sda1', ...jobSettings(config) },
    onCutOff: (begun) => {
      found.push(begun);
      return Promise.resolve(isNews);
    },
  };
  const run = (id: string) => backUp(job, machine, story(id), new AbortController().signal);
  const mark = (): unknown => JSON.parse(machine.inside.get(begunPath) ?? 'null');
  /** The agent dies: nothing of the run is undone. */
  const runThatDies = (id: string) => markBegun(job, machine, story(id));

  beforeEach(() => {
    machine = machineWithDisk();
    [warnings, found, isNews] = [[], [], true];
  });

  it('before anything is pulled, and when it ended', async () => {
    await run('run-1');
    expect(machine.calls.indexOf(`write ${begunPath}`)).toBeLessThan(machine.calls.indexOf('clearUnfinished'));
    expect(machine.calls.lastIndexOf(`write ${begunPath}`)).toBeLessThan(machine.calls.indexOf('ensureUnmounted'));
    expect(mark()).toMatchObject({ id: 'run-1', endedAt: expect.any(String) as string });
  });

  it('a run that fails in order has ended', async () => {
    machine.failing.set('pull', new Error('broken'));
    await expect(run('run-1')).rejects.toThrow();
    expect(mark()).toMatchObject({ endedAt: expect.any(String) as string });
    machine.failing.clear();
    await run('run-2');
    expect([found, warnings]).toEqual([[], []]);
  });

  it('one that died is told by a station that has no record of it, and what it left is looked for', async () => {
    await runThatDies('run-1');
    await run('run-2');
    expect(found).toEqual([expect.objectContaining({ id: 'run-1' })]);
    expect(warnings).toEqual([expect.stringContaining('EXB_CUT_OFF')]);
    expect(machine.calls).toContain('removePartials');
    expect(mark()).toMatchObject({ id: 'run-2', endedAt: expect.any(String) as string });
  });

  it('one that died, and of which the station has told, is not told again', async () => {
    isNews = false;
    await runThatDies('run-1');
    await run('run-2');
    expect([found.length, warnings]).toEqual([1, []]);
  });

  it.each([
    ['torn', '{"version":1,"id":"run'],
    ['of another kind', '{"version":1,"id":"../../etc/passwd","startedAt":"2026-01-01T00:00:00Z"}'],
    ['of no date', '{"version":1,"id":"run-1","startedAt":"ran \\u001b[2J away"}'],
  ])('a mark that is %s says nothing', async (_what, text) => {
    machine.inside.set(begunPath, text);
    await run('run-2');
    expect([found, warnings]).toEqual([[], []]);
  });

  it('a disk that does not take it costs no run', async () => {
    machine.failing.set(`write ${begunPath}`, new Error('ENOSPC'));
    await run('run-1');
    expect(machine.stampedAt).toBeDefined();
  });
});
