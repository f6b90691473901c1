import { expect, it } from 'vitest';
import { allIsWell, countStepsOfChange, killChangeAt } from '../../integration/rekey/killed-change.ts';

/** Needs no machine of the lab: real processes, real cryptsetup and openssl, with disks that are files. Minutes long. */
it('a password change may be killed before any of its steps: every disk and the ssh key stay in reach, and the next one completes it', () => {
  const steps = Array.from({ length: countStepsOfChange() }, (_, index) => `^${index + 1} `);
  expect(steps.length).toBeGreaterThan(30);
  expect(killChangeAt(steps)).toEqual(steps.map((step) => ({ step, story: allIsWell })));
}, 3_600_000);
