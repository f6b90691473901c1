import { expect, it } from 'vitest';
import { soak } from '../soak/cycles.ts';
import { findGrowth, type Sample } from '../soak/growth.ts';

it('nothing grows from plug to plug; npm run soak looks for longer', async () => {
  const samples: Sample[] = [];
  for await (const { sample } of soak(6, 1)) samples.push(sample);
  expect(samples).toHaveLength(6);
  expect(findGrowth(samples)).toEqual([]);
});
