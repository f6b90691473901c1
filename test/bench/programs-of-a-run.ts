/**
 * `npx tsx test/bench/programs-of-a-run.ts`: which programs one unchanged run starts in the guest, in their order, from
 * the plug until everything that it led to is done, among the events of the agent.
 */
import { makeUnchanged, measureRun } from '../lab/cost/run-cost.ts';
import { countPrograms, sumOf, type StartedProgram } from '../lab/cost/program-trace.ts';
import { openStation } from '../lab/stories/operator.ts';

interface Line {
  /** In seconds, by the kernel's monotonic clock. */
  readonly at: number;
  readonly text: string;
}

const lab = await openStation('BACKUP_1');
try {
  const [disk] = lab.drawer;
  if (!disk) throw new Error('The drawer is empty.');
  await makeUnchanged(lab, disk, 'BACKUP_1', 150);
  const { trace, cpuOf } = await measureRun(lab, disk, 'BACKUP_1');
  const ours = trace.programs.filter(({ starter }) => starter !== 'others');
  const begin = ours[0]?.at ?? 0;
  const told = (await events()).filter(({ at }) => at > begin - 2);
  const lines = [...told, ...ours.map(lineOf)].sort((a, b) => a.at - b.at);
  for (const { at, text } of lines) console.log(`${(at - begin).toFixed(2).padStart(7)}  ${text}`);
  for (const starter of ['agent', 'units', 'udev'] as const) {
    const counts = countPrograms(trace, starter);
    console.log(`\n${starter}: ${String(sumOf(counts))} programs`);
    for (const [program, times] of Object.entries(counts)) console.log(`${String(times)}  ${program}`);
  }
  console.log('\nProcessor seconds of ended processes:', cpuOf);
} finally {
  await lab.close();
}

function lineOf({ at, program, starter, tookS }: StartedProgram): Line {
  return {
    at,
    text: `${starter.padEnd(5)}  ${program}${tookS === undefined ? '' : `  ${tookS.toFixed(2)} s`}`,
  };
}

async function events(): Promise<Line[]> {
  return (await lab.guest.ask('journalctl -u extbackup -o json --no-pager'))
    .split('\n')
    .map((line) => JSON.parse(line) as { MESSAGE: string; __MONOTONIC_TIMESTAMP: string })
    .filter(({ MESSAGE }) => MESSAGE.startsWith('{'))
    .map((entry) => ({
      at: Number(entry.__MONOTONIC_TIMESTAMP) / 1e6,
      text: `-- ${(JSON.parse(entry.MESSAGE) as { event: string }).event}`,
    }));
}
