import { afterAll, beforeAll, it } from 'vitest';
import { openStage, type SweepStage } from '../faults/sweep-case.ts';

/** The disk is pulled out during a run. See long/more-faults.test.ts; `npm run test:faults` covers all moments and faults. */
let stage: SweepStage;

beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.lab.close());

// The stage itself checks the state afterwards, and throws with every failed check.
it('stopped while pulling middle, hit by: yank', () => stage.run('pulling middle', 'yank'));
