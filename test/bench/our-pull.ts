/** One pull as in a run, with history, guard and content alarm: ROOT FILES IS-FIRST [DEVICE]. Prints its cost as JSON. */
import { join } from 'node:path';
import { configSchema } from '../../src/config/schema.ts';
import { sourceOf } from '../../src/config/sources.ts';
import { driveRecordSchema } from '../../src/records/drive-record.ts';
import { createGuard } from '../../src/guard/guard.ts';
import type { Change } from '../../src/history/change.ts';
import { readAhead } from '../../src/disk/read-ahead.ts';
import { startProgram, type StartProgram } from '../../src/system/command.ts';
import { createMachine } from '../../src/pipeline/real-machine.ts';
import { noHelpers } from '../fakes/no-helpers.ts';
import { lastTime, readReport, timed, type Measure } from './measure.ts';

const [root = '', count = '0', firstCopy = 'false', device] = process.argv.slice(2);
const reports: string[] = [];
const start: StartProgram = (command) => {
  if (command.file !== '/usr/bin/rsync' && command.file !== '/usr/bin/tar') return startProgram(command);
  const report = join(root, `ours-${String(reports.length)}.time`);
  reports.push(report);
  const args = command.args.map((arg) => (arg.startsWith('--rsh=') ? `--rsh=${join(root, 'shell')}` : arg));
  return startProgram({
    ...command,
    ...timed('/usr/bin/nice', ['-n19', '/usr/bin/ionice', '-c3', command.file, ...args], report),
  });
};
const config = configSchema.parse({ source: 'extbackup@backup', key: { derivation: 'sha512' } });
const machine = createMachine(
  start,
  { config: '', etc: '', state: root, run: root, ramfs: '', plaintext: join(root, 'disk') },
  noHelpers(start),
);
const now = new Date().toISOString();
const record = driveRecordSchema.parse({
  label: 'BENCH',
  luksUuid: 'x',
  sealedId: '3f2504e0-4f89-41d3-9a0c-0305e82c3301',
  generation: 0,
  enrolledAt: now,
  ...lastTime(Number(count)),
  lastSuccess: firstCopy === 'true' ? null : now,
});
const signal = new AbortController().signal;

const cpuBefore = process.cpuUsage();
const started = performance.now();
const ahead = device === undefined ? undefined : readAhead(device); // as after mounting
const source = sourceOf(config);
const watch = createGuard(source.guard, record, signal);
const order = {
  config,
  source,
  ...(firstCopy !== 'true' && { lastTime: record }),
  onProgress: () => undefined,
  onChange: (change: Change) => {
    watch.see(change);
  },
};
const copied = await machine.pull({ ...order, history: await machine.newHistory() }, watch.signal);
// A pull that failed early would be a quick one.
if (copied.trouble !== undefined) throw new Error(`the pull did not end well: ${copied.trouble}`);
await watch.content?.examine(
  { now: (path) => machine.readHead(path, source), before: () => Promise.resolve(undefined) },
  0,
);
if (copied.skippedDeletions > 0)
  await machine.pull(
    {
      ...order,
      history: await machine.newHistory(),
      deleteLimit: copied.skippedDeletions * 4 + 1_000,
      ...(copied.doomed && { doomed: copied.doomed }),
    },
    watch.signal,
  );
await ahead?.end();
const seconds = (performance.now() - started) / 1000;
const { user, system } = process.cpuUsage(cpuBefore);

const ownSeconds = (user + system) / 1e6;
const programMb = process.resourceUsage().maxRSS / 1024;
const each = await Promise.all(reports.map(readReport)); // peak and times of all its rsyncs together
const measure: Omit<Measure, 'flushSeconds'> = {
  seconds,
  programMb,
  rsyncMb: Math.max(...each.map(({ rsyncMb }) => rsyncMb)),
  cpuSeconds: each.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, ownSeconds),
};
const { created, changed, deleted } = watch.tally.counts;
const told = `guard saw ${String(created)} new, ${String(changed)} changed, ${String(deleted)} deleted; this process: ${ownSeconds.toFixed(2)} s, ${programMb.toFixed(0)} MB at most`;
console.log(JSON.stringify({ ...measure, told }));
