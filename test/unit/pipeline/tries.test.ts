import { beforeEach, describe, expect, it } from 'vitest';
import { createBus } from '../../../src/bus/bus.ts';
import type { Phase } from '../../../src/bus/events.ts';
import { CancelledError } from '../../../src/errors.ts';
import { createStory, type Story } from '../../../src/pipeline/story.ts';
import { createTries, type Tries } from '../../../src/pipeline/tries.ts';

const broke = { trouble: 'network', changed: false } as const;

describe('another try after a broken connection', () => {
  let pauses: number[];
  let told: object[];
  let phases: Phase[];
  let story: Story;
  let cancel: AbortController;
  const triesOf = (retries: number): Tries =>
    createTries({ retries, longest: 86_400_000 }, story, cancel.signal, (ms) => {
      pauses.push(ms);
      return Promise.resolve();
    });
  const untilGivenUp = async (
    tries: Tries,
    outcome: Parameters<Tries['again']>[0],
    before: () => void = () => undefined,
  ): Promise<number> => {
    for (let count = 0; ; count += 1) {
      before();
      if (!(await tries.again(outcome))) return count;
    }
  };

  beforeEach(() => {
    [pauses, told, phases] = [[], [], []];
    cancel = new AbortController();
    const bus = createBus(() => undefined);
    bus.on('sync:interrupted', (event) => {
      told.push(event);
    });
    story = createStory(bus, 'run-1', 'BACKUP_1', (phase) => {
      phases.push(phase);
    });
  });

  it('comes after longer and longer pauses, some minutes in all', async () => {
    expect(await untilGivenUp(triesOf(5), broke)).toBe(5);
    expect(pauses).toEqual([2_000, 10_000, 30_000, 60_000, 120_000]);
    expect(told.at(-1)).toEqual({ runId: 'run-1', drive: 'BACKUP_1', attempt: 5, retryInSeconds: 120 });
  });

  it('is seen as waiting, and goes on where it was', async () => {
    story.enter('deleting');
    await triesOf(1).again({ trouble: 'stalled', changed: false });
    expect(phases).toEqual(['deleting', 'waiting-for-server', 'deleting']);
  });

  it.each(['host-key', 'login', 'refused', 'disk-full', 'gaps', 'failed', 'stuck', 'no-rsync', undefined] as const)(
    'is not worth it after %s',
    async (trouble) => {
      expect(await triesOf(5).again({ ...(trouble && { trouble }), changed: true })).toBe(false);
      expect(told).toEqual([]);
    },
  );

  it('begins anew with the pauses when the last one got on, by files or within a large one', async () => {
    const tries = triesOf(2);
    await tries.again(broke);
    await tries.again({ ...broke, changed: true });
    tries.see({ bytes: 5_000, files: 0 });
    await tries.again(broke);
    tries.see({ bytes: 4_000, files: 0 }); // not as far as before
    await tries.again(broke);
    expect(pauses).toEqual([2_000, 2_000, 2_000, 10_000]);
    expect(await tries.again(broke)).toBe(false);
  });

  it('has an end even for a server that always gets a little further', async () => {
    expect(await untilGivenUp(triesOf(5), { ...broke, changed: true })).toBe(50);
    expect(await untilGivenUp(triesOf(0), { ...broke, changed: true })).toBe(0);
  });

  it('ends with the run', async () => {
    cancel.abort(new CancelledError('Cancelled.', 'Nothing.'));
    await expect(triesOf(5).again(broke)).rejects.toThrow('Cancelled.');
    expect(told).toEqual([]);
  });
});
