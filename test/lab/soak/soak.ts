/** `npm run soak [-- --rounds N] [--seed N]`: repeats plug-in, run, unplug with random faults; fails when memory, processes or mounts grow. */
import { parseArgs } from 'node:util';
import { findGrowth, measured, type Sample } from './growth.ts';
import { soak } from './cycles.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
  },
});
const [rounds, seed] = [Number(values.rounds), Number(values.seed)];
if (!Number.isInteger(rounds) || !Number.isInteger(seed) || rounds < 1) {
  console.error('npm run soak [-- --rounds N] [--seed N], both whole numbers');
  process.exit(2);
}
console.log(`${String(rounds)} rounds, seed ${String(seed)}\n`);
console.log(
  'round  mishap                   after ms  agent   memory KiB  fds  watches  procs  mounts  dm  all mounts  all procs  kernel KiB  seconds',
);
/** Of the columns from agent to kernel memory, as in the heading. */
const widths = [5, 11, 4, 8, 6, 7, 3, 11, 10, 11];
const samples: Sample[] = [];
let begin = performance.now();
for await (const { mishap, afterMs, sample } of soak(rounds, seed)) {
  const cells: [string | number, number][] = [
    [sample.cycle, 5],
    [mishap, -23],
    [mishap === 'none' ? '' : afterMs, 9],
    ...measured.map((name, column): [number, number] => [sample[name], widths[column] ?? 0]),
    [((performance.now() - begin) / 1000).toFixed(0), 8],
  ];
  console.log(
    cells
      .map(([value, width]) => (width < 0 ? String(value).padEnd(-width) : String(value).padStart(width)))
      .join('  '),
  );
  samples.push(sample);
  begin = performance.now();
}
const growth = findGrowth(samples);
console.log(growth.length === 0 ? '\nNothing grows.' : `\nThis grows:\n${growth.join('\n')}`);
process.exitCode = growth.length === 0 ? 0 : 1;
