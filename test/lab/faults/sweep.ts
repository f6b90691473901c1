/** `npm run test:faults [-- POINT [FAULT]]`: every point of a run times every fault, as a table. */
import { faults, type FaultName } from './faults.ts';
import { pausePoints, type PausePoint } from './pause-points.ts';
import { openStage } from './sweep-case.ts';

const [onlyPoint, onlyFault] = process.argv.slice(2);
const points = (Object.keys(pausePoints) as PausePoint[]).filter((point) => onlyPoint === undefined || onlyPoint === 'all' || point === onlyPoint);
const names = (Object.keys(faults) as FaultName[]).filter((fault) => onlyFault === undefined || fault === onlyFault);
if (points.length === 0 || names.length === 0) {
  console.error(`Points: ${Object.keys(pausePoints).join(', ')}. Faults: ${Object.keys(faults).join(', ')}.`);
  process.exit(2);
}

const pulls = (point: PausePoint): boolean => point.startsWith('pulling');
const isMounted = (point: PausePoint): boolean => ['label', 'deleting', 'flushing', 'stamping'].includes(point) || pulls(point);

/** Left out: a transfer to kill and a server to freeze where there is none; a disk to fill that is not mounted. */
function applies(point: PausePoint, fault: FaultName): boolean {
  if (fault.endsWith(' killed')) return pulls(point);
  if (fault === 'server frozen' || fault.startsWith('network')) return pulls(point) || point === 'label' || point === 'deleting';
  if (fault === 'disk full') return isMounted(point);
  if (fault.endsWith(' errors')) return !['recognised', 'waiting for key', 'notifying'].includes(point);
  return true;
}

console.log('Checked after each: everything closed, LABEL moved only for an exact mirror, status no better than LABEL, the old files still there,');
console.log('the next plug ends in a good run with an exact mirror, no process, mapping, mount or spool file left behind.\n');
const stage = await openStage();
let failed = 0;
try {
  for (const point of points) {
    for (const fault of names) {
      if (!applies(point, fault)) continue;
      const begin = performance.now();
      const outcome = await stage.run(point, fault).then(() => 'ok', (error: unknown) => {
        failed += 1;
        return `FAILED: ${error instanceof Error ? error.message : String(error)}`;
      });
      console.log(`${point.padEnd(15)} ${fault.padEnd(24)} ${((performance.now() - begin) / 1000).toFixed(0).padStart(4)} s  ${outcome}`);
    }
  }
} finally {
  await stage.lab.close();
}
console.log(failed === 0 ? '\nAll promises were kept.' : `\n${String(failed)} cases broke a promise.`);
process.exitCode = failed === 0 ? 0 : 1;
