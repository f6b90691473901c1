import { afterAll, beforeAll, it } from 'vitest';
import { openStage, type SweepStage } from '../faults/sweep-case.ts';

/** The other worst moments of a run; `npm run test:faults` goes through all of them. */
let stage: SweepStage;

beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.lab.close());

// What must hold afterwards is checked by the stage itself, which throws with what does not.
it.each([
  ['pulling middle', 'power cut'],
  ['unmounting', 'agent SIGKILL'],
] as const)('stopped while %s, hit by: %s', async (point, fault) => {
  await stage.run(point, fault);
});
