import { expect, it } from 'vitest';
import { allIsWell, killChangeAt } from './killed-change.ts';

/** All the other steps: test/lab/long/killed-change.test.ts. */
it('a password change that is killed right before or after its new password comes into force loses no disk and no ssh key', () => {
  const steps = ['rename /etc/extbackup/config.yaml', 'rename /etc/extbackup/salt.next'];
  expect(killChangeAt(steps)).toEqual(steps.map((step) => ({ step, story: allIsWell })));
}, 600_000);
