import { expect, it } from 'vitest';
import { createBus } from '../../../src/bus/bus.ts';
import { requireBox } from '../../../src/pipeline/confined.ts';
import { createStory } from '../../../src/pipeline/story.ts';

const warningsWith = async (confinement: 'box' | 'none' | 'lost'): Promise<string[]> => {
  const bus = createBus(() => undefined);
  const warnings: string[] = [];
  bus.on('run:warned', ({ reason }) => {
    warnings.push(reason);
  });
  const story = createStory(bus, 'r', 'BACKUP_1', () => undefined);
  await requireBox({ confinement: () => Promise.resolve(confinement) }, story);
  return warnings;
};

it('a run tells each time that rsync has no box', async () => {
  expect(await warningsWith('box')).toEqual([]);
  expect(await warningsWith('none')).toEqual([expect.stringContaining('without its box')]);
});

it('a run is refused where rsync once had one', async () => {
  await expect(warningsWith('lost')).rejects.toMatchObject({ code: 'EXB_NOT_CONFINED', exitCode: 13 });
});
