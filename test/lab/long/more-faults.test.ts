import { afterAll, beforeAll, it } from 'vitest';
import { openStage, type SweepStage } from '../faults/sweep-case.ts';

/** Other critical moments of a run; `npm run test:faults` covers all of them. */
let stage: SweepStage;

beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.lab.close());

// The stage itself checks the state afterwards, and throws with every failed check.
it.each([
  ['pulling middle', 'power cut'],
  ['unmounting', 'agent SIGKILL'],
] as const)('stopped while %s, hit by: %s', async (point, fault) => {
  await stage.run(point, fault);
});
