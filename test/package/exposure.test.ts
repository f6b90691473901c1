import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';

const analyze = (unit: string, threshold: number) =>
  execa(
    '/usr/bin/systemd-analyze',
    [
      'security',
      '--offline=yes',
      `--threshold=${String(threshold)}`,
      '--no-pager',
      join(import.meta.dirname, '../../systemd', unit),
    ],
    { reject: false },
  );

/** In tenths, as `--threshold=` takes it; see systemd-analyze(1). They may only go down. */
it.each([
  ['extbackup.service', 28], // 25 without the namespaces that the box around rsync is made of
  ['extbackup-link@.service', 15],
  ['extbackup-courier@.service', 26],
  ['extbackup-smart@.service', 16],
  ['extbackup-park@.service', 13], // 11 without the capability that the kernel asks for
  ['extbackup-signal@.service', 12],
  ['extbackup-console@.service', 20],
])('%s is no more exposed than it was', async (unit, highest) => {
  const { exitCode, stdout } = await analyze(unit, highest);
  expect(stdout).toContain('Overall exposure level');
  expect(exitCode, stdout).toBe(0);
  expect((await analyze(unit, 5)).exitCode).not.toBe(0); // the program does judge
});
