/**
 * `npx tsx test/bench/programs-of-a-run.ts`: which programs one run starts in the guest, in their order, between the plug
 * and "safe to unplug". By the kernel's own events; see Documentation/trace/events.rst.
 */
import { eventsOf, openStation, waitForState, waitUntilGone } from '../lab/stories/operator.ts';

interface Started {
  /** In seconds, by the kernel's monotonic clock, as the journal has it. */
  readonly at: number;
  readonly program: string;
  readonly pid: string;
}

const lab = await openStation('BACKUP_1');
try {
  await measure();
} finally {
  await lab.close();
}

async function measure(): Promise<void> {
  const { guest, server } = lab;
  const [disk] = lab.drawer;
  if (!disk) throw new Error('The drawer is empty.');
  await server.shell('mkdir -p /backups/office; cd /backups/office; for i in $(seq 150); do echo $i > $i.txt; done');
  await guest.plug(disk);
  await waitForState(lab, 'BACKUP_1', ['safe-to-unplug']);
  await guest.unplug(disk);
  await waitUntilGone(lab);
  await guest.shell(`cd /sys/kernel/tracing; echo mono > trace_clock; echo 8000 > buffer_size_kb
    for what in exec exit; do echo 1 > events/sched/sched_process_$what/enable; done; echo > trace`);
  const before = (await eventsOf(lab)).length;
  await guest.plug(disk);
  await waitForState(lab, 'BACKUP_1', ['safe-to-unplug']);
  await guest.shell('echo 0 > /sys/kernel/tracing/tracing_on');
  const told = (await guest.ask('journalctl -u extbackup -o json --no-pager'))
    .split('\n')
    .map((line) => JSON.parse(line) as { MESSAGE: string; __MONOTONIC_TIMESTAMP: string })
    .filter(({ MESSAGE }) => MESSAGE.startsWith('{'))
    .slice(before)
    .map((entry) => ({
      at: Number(entry.__MONOTONIC_TIMESTAMP) / 1e6,
      text: (JSON.parse(entry.MESSAGE) as { event: string }).event,
    }));
  print(await guest.ask('cat /sys/kernel/tracing/trace'), told);
}

function print(trace: string, told: readonly { readonly at: number; readonly text: string }[]): void {
  const started: Started[] = [];
  const ended = new Map<string, number>();
  for (const [, at = '', what, facts = ''] of trace.matchAll(/ (\d+\.\d+): sched_process_(exec|exit): (.*)/g)) {
    const pid = /\bpid=(\d+)/.exec(facts)?.[1] ?? '';
    if (what === 'exec') started.push({ at: Number(at), program: /filename=(\S+)/.exec(facts)?.[1] ?? '', pid });
    else ended.set(pid, Number(at));
  }
  const [first] = started;
  const lines = [
    ...told.map(({ at, text }) => ({ at, text: `-- ${text}` })),
    ...started.map(({ at, program, pid }) => {
      const took = (ended.get(pid) ?? Number.NaN) - at;
      return { at, text: `${program}${Number.isNaN(took) ? '' : `  ${took.toFixed(2)} s`}` };
    }),
  ].sort((a, b) => a.at - b.at);
  for (const { at, text } of lines) console.log(`${(at - (first?.at ?? 0)).toFixed(2).padStart(7)}  ${text}`);
  const count = new Map<string, number>();
  for (const { program } of started) count.set(program, (count.get(program) ?? 0) + 1);
  console.log(`\n${started.length} programs, with those of sshd, of the server and of the lab itself:`);
  for (const [program, times] of [...count].sort(([, a], [, b]) => b - a)) console.log(`${times}  ${program}`);
}
