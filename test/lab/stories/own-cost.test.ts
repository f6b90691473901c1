import { beforeAll, expect, it } from 'vitest';
import { measureRest } from '../cost/at-rest.ts';
import { countPrograms, sumOf } from '../cost/program-trace.ts';
import { agentMemory, makeUnchanged, measureRun, sharesOf, type RunCost } from '../cost/run-cost.ts';
import { assertClosed, waitUntilGone } from './operator.ts';
import { useStation } from './use-station.ts';

/**
 * What extbackup itself costs: the figures of docs/performance.md that a busy machine does not change. The limits are
 * about a quarter above what was measured; a change that needs more has to say so here.
 */
const lab = useStation('BACKUP_1');
const files = 150;
const limits = {
  programs: 32,
  processes: 32,
  /** Of the processor time that the station spends on a run. */
  shareOfAgent: 0.7,
  /** On the station's own disk. */
  megabytesWritten: 4,
  memoryMb: 110,
  /** Of all its threads, in a minute at rest. */
  wakeUps: 80,
} as const;

let run: RunCost;
beforeAll(async () => {
  await makeUnchanged(lab, lab.disk, 'BACKUP_1', files);
  run = await measureRun(lab, lab.disk, 'BACKUP_1');
  await assertClosed(lab);
});

it('an unchanged run starts few programs', () => {
  const programs = countPrograms(run.trace, 'agent', 'units');
  expect(programs['/usr/bin/rsync']).toBeGreaterThan(0); // the trace sees what there is
  expect(sumOf(programs), JSON.stringify(programs)).toBeLessThanOrEqual(limits.programs);
  expect(run.trace.processes.agent + run.trace.processes.units).toBeLessThanOrEqual(limits.processes);
});

it('the agent itself takes a small part of the processor time, and of the memory and the disk of the station', () => {
  const shares = sharesOf(run);
  expect(shares['cryptsetup']).toBeGreaterThan(0);
  expect(shares['the agent itself'], JSON.stringify(shares)).toBeLessThan(limits.shareOfAgent);
  expect(run.bytesWritten / 1e6).toBeLessThan(limits.megabytesWritten);
  expect(run.agentPeakMb).toBeLessThan(limits.memoryMb);
});

it('nothing but its timers wakes it at rest', async () => {
  await lab.guest.unplug(lab.disk);
  await waitUntilGone(lab);
  await lab.guest.shell('sleep 70'); // the last state is told within a minute
  const minutes = 2;
  const { wakeUps, switches } = await measureRest(lab.guest, minutes);
  expect(switches).toBeGreaterThan(0);
  expect(wakeUps.length / minutes, JSON.stringify(wakeUps.slice(0, 50))).toBeLessThan(limits.wakeUps);
  const begins = wakeUps.filter(({ at }, index) => at - (wakeUps[index - 1]?.at ?? -60) > 10);
  expect(begins.length).toBeLessThanOrEqual(minutes + 1); // once a minute, for a second or two
  expect(await agentMemory(lab, 'VmRSS')).toBeLessThan(limits.memoryMb);
});
