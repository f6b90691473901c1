/** `npm run test:faults [-- POINTS [FAULTS]]`: every point of a run with every fault, as a table; lists with commas select some. */
import { faults, type FaultName } from './faults.ts';
import { pausePoints, type PausePoint } from './pause-points.ts';
import { openStage } from './sweep-case.ts';

const [onlyPoints = 'all', onlyFaults = 'all'] = process.argv.slice(2);
const named = <Name extends string>(list: string, all: readonly Name[]): Name[] =>
  list === 'all' ? [...all] : list.split(',').flatMap((name) => all.filter((known) => known === name));
const points = named(onlyPoints, Object.keys(pausePoints) as PausePoint[]);
const names = named(onlyFaults, Object.keys(faults) as FaultName[]);
if (points.length === 0 || names.length === 0) {
  console.error(`Points: ${Object.keys(pausePoints).join(', ')}. Faults: ${Object.keys(faults).join(', ')}.`);
  process.exit(2);
}

const pulls = (point: PausePoint): boolean => point.startsWith('pulling');
const isMounted = (point: PausePoint): boolean =>
  ['label', 'deleting', 'flushing', 'stamping', 'pruning'].includes(point) || pulls(point);

/** The reason for leaving out a cell; undefined for cells that run. */
function leftOut(point: PausePoint, fault: FaultName): string | undefined {
  if (fault.endsWith(' killed') && !pulls(point)) return 'no transfer is going on';
  if (
    (fault === 'server frozen' || fault.startsWith('network')) &&
    !pulls(point) &&
    point !== 'label' &&
    point !== 'deleting'
  )
    return 'the server is not needed any more, or the same as at "label"';
  if ((fault === 'disk full' || fault === 'out of inodes') && !isMounted(point)) return 'the disk is not mounted';
  if (fault === 'server prints a lie' && !pulls(point)) return 'the server says nothing then';
  if (fault.endsWith(' errors') && ['recognised', 'waiting for key', 'notifying'].includes(point))
    return 'nothing of ours reads or writes the disk, or the same as at "waking"';
  return undefined;
}

console.log(
  'Checked after each: everything closed, LABEL moved only for an exact mirror, status no better than LABEL, the old files still there,',
);
console.log(
  'the next plug ends in a good run with an exact mirror, no process, mapping, mount or spool file left behind,',
);
console.log('and the operator was told of every run, in words that fit.\n');
const stage = await openStage();
let failed = 0;
try {
  for (const point of points) {
    for (const fault of names) {
      const why = leftOut(point, fault);
      if (why !== undefined) {
        console.log(`${point.padEnd(15)} ${fault.padEnd(24)}    -    left out: ${why}`);
        continue;
      }
      const begin = performance.now();
      const outcome = await stage.run(point, fault).then(
        () => 'ok',
        (error: unknown) => {
          failed += 1;
          return `FAILED: ${error instanceof Error ? error.message : String(error)}`;
        },
      );
      console.log(
        `${point.padEnd(15)} ${fault.padEnd(24)} ${((performance.now() - begin) / 1000).toFixed(0).padStart(4)} s  ${outcome}`,
      );
    }
  }
} finally {
  await stage.lab.close();
}
console.log(failed === 0 ? '\nAll promises were kept.' : `\n${String(failed)} cases broke a promise.`);
process.exitCode = failed === 0 ? 0 : 1;
