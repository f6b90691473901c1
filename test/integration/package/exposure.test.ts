import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';

const unit = join(import.meta.dirname, '../../../systemd/extbackup.service');

/** In tenths, as `--threshold=` takes it; see systemd-analyze(1). It may only go down. */
const highest = 34;

const analyze = (threshold: number) =>
  execa('/usr/bin/systemd-analyze', ['security', '--offline=yes', `--threshold=${String(threshold)}`, '--no-pager', unit], { reject: false });

it('is no more exposed than it was', async () => {
  const { exitCode, stdout } = await analyze(highest);
  expect(stdout).toContain('Overall exposure level');
  expect(exitCode, stdout).toBe(0);
  expect((await analyze(5)).exitCode).not.toBe(0); // the program does judge
});
