import { afterAll, beforeAll, it } from 'vitest';
import { openStage, type SweepStage } from '../faults/sweep-case.ts';

/** The disk is pulled out in mid-run. See long/more-faults.test.ts; `npm run test:faults` goes through all moments and faults. */
let stage: SweepStage;

beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.lab.close());

// What must hold afterwards is checked by the stage itself, which throws with what does not.
it('stopped while pulling middle, hit by: yank', () => stage.run('pulling middle', 'yank'));
