import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';

const program = join(import.meta.dirname, '../../../src/system/joined-signal.ts');

/** Waits 300 ms for a limit of 200 ms that only a listener knows of, while memory is collected. */
const waiting = (signal: string): string => `
  import { joinSignals } from ${JSON.stringify(program)};
  const stop = new AbortController();
  let fired = false;
  ((signal) => signal.addEventListener('abort', () => { fired = true; }))(${signal});
  for (let round = 0; round < 6; round += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    globalThis.gc();
  }
  console.log(fired);`;

it('fires although memory is collected meanwhile', async () => {
  const run = (signal: string) =>
    execa(process.execPath, ['--import', 'tsx', '--expose-gc', '--input-type=module', '--eval', waiting(signal)]);
  expect((await run('joinSignals([stop.signal], 200).signal')).stdout).toBe('true');
});
