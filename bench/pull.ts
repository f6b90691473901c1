/**
 * What history and guard cost: plain `rsync --delete` and our pull with the same options, over the same kind of pipe,
 * side by side on the same tree, three times in turn. Usage: npm run bench -- [FILES]
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { configSchema } from '../src/config/schema.ts';
import { createTally } from '../src/guard/tally.ts';
import { newHistoryEntry } from '../src/history/history-entry.ts';
import type { RunCommand } from '../src/system/command.ts';
import { runCommand } from '../src/system/command.ts';
import { sourceOf } from '../src/config/sources.ts';
import { copyArgs } from '../src/system/rsync.ts';
import { runRsync } from '../src/system/run-rsync.ts';

const count = Number(process.argv[2] ?? 20_000);
const rounds = 3;
const filesPerDirectory = 200;

interface Measure {
  readonly seconds: number;
  /** Highest resident memory of the receiving rsync, in MB. */
  readonly rsyncMb: number;
  /** Processor time of the receiving rsync and, for ours, of this process: less noisy than the wall clock. */
  readonly cpuSeconds: number;
}

const root = await mkdtemp(join(tmpdir(), 'extbackup-bench-'));
const source = join(root, 'source');
const shell = join(root, 'shell');
const signal = new AbortController().signal;
const config = configSchema.parse({ source: 'extbackup@backup', key: { derivation: 'sha512' } });
const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** /usr/bin/time writes the peak of rsync into a file; both sides pay for it. */
const timed = (file: string, args: readonly string[], report: string) => ({ file: '/usr/bin/time' as const, args: ['-f', '%M %U %S', '-o', report, file, ...args] });
async function readReport(report: string): Promise<Omit<Measure, 'seconds'>> {
  const [kb = 0, user = 0, system = 0] = ((await readFile(report, 'utf8')).trim().split('\n').at(-1) ?? '').split(' ').map(Number);
  return { rsyncMb: kb / 1024, cpuSeconds: user + system };
}

async function fillTree(directory: string, text: string, only: (index: number) => boolean): Promise<void> {
  for (let start = 0; start < count; start += filesPerDirectory) {
    const folder = join(directory, `d${String(start / filesPerDirectory)}`);
    await mkdir(folder, { recursive: true });
    const chosen = Array.from({ length: Math.min(filesPerDirectory, count - start) }, (_, index) => start + index).filter(only);
    await Promise.all(chosen.map((index) => writeFile(join(folder, `file-${String(index)}`), `${text} ${String(index)} ${'x'.repeat(index % 2000)}`)));
  }
}

async function plain(target: string): Promise<Measure> {
  const report = join(root, 'plain.time');
  const args = copyArgs(config, sourceOf(config), { mirror: target, identityFile: '' }).filter((arg) => !/^--(?:out-format|info|outbuf|max-delete|rsh)/.test(arg));
  const started = performance.now();
  const { file, args: all } = timed('/usr/bin/nice', ['-n19', '/usr/bin/ionice', '-c3', '/usr/bin/rsync', `--rsh=${shell}`, ...args], report);
  await execa(file, all, { stdio: 'ignore' });
  return { seconds: (performance.now() - started) / 1000, ...(await readReport(report)) };
}

async function ours(top: string): Promise<Measure> {
  const report = join(root, 'ours.time');
  const run: RunCommand = (command) => runCommand({
    ...command, ...timed(command.file, command.args.map((arg) => (arg.startsWith('--rsh=') ? `--rsh=${shell}` : arg)), report),
  });
  const tally = createTally();
  const cpuBefore = process.cpuUsage();
  const started = performance.now();
  const history = await newHistoryEntry(top, new Date());
  await runRsync(run, { config, source: sourceOf(config), history, onProgress: () => undefined, onChange: (change) => { tally.add(change); } }, { mirror: join(top, 'backups'), identityFile: '' }, signal);
  const seconds = (performance.now() - started) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  const { created, changed } = tally.counts;
  console.log(`    guard saw ${String(created)} new, ${String(changed)} changed; this process: ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB at most so far`);
  const { rsyncMb, cpuSeconds } = await readReport(report);
  return { seconds, rsyncMb, cpuSeconds: cpuSeconds + (cpu.user + cpu.system) / 1e6 };
}

async function measure(name: string, prepare: (round: number) => Promise<void>): Promise<void> {
  const [theirs, mine]: [Measure[], Measure[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    await prepare(round);
    // In turn, so that neither always finds the source in memory.
    const jobs = [async () => { theirs.push(await plain(join(root, 'plain'))); }, async () => { mine.push(await ours(join(root, 'disk'))); }];
    for (const job of round % 2 === 0 ? jobs : jobs.reverse()) {
      await execa('/usr/bin/sync');
      await job();
    }
  }
  const compare = (what: string, unit: string, of: (one: Measure) => number): string => {
    const [plainly, withUs] = [median(theirs.map(of)), median(mine.map(of))];
    return `${what} ${plainly.toFixed(2)} -> ${withUs.toFixed(2)} ${unit} (ratio ${(withUs / plainly).toFixed(3)})`;
  };
  console.log([name.padEnd(16), compare('wall', 's', ({ seconds }) => seconds), compare('processor', 's', ({ cpuSeconds }) => cpuSeconds), compare('memory', 'MB', ({ rsyncMb }) => rsyncMb)].join('  '));
}

async function emptyTargets(): Promise<void> {
  for (const name of ['plain', 'disk']) await rm(join(root, name), { recursive: true, force: true });
  await mkdir(join(root, 'plain'));
  await mkdir(join(root, 'disk/backups'), { recursive: true });
}

try {
  await writeFile(shell, `#!/bin/sh\nwhile [ "$1" != rsync ]; do shift; done\ncd '${source}' && exec "$@"\n`, { mode: 0o755 });
  console.log(`${String(count)} files, ${String(cpus().length)} processors, median of ${String(rounds)} rounds`);
  await fillTree(source, 'first', () => true);
  await measure('first copy', emptyTargets);
  await measure('nothing changed', () => Promise.resolve());
  await measure('5 % changed', (round) => fillTree(source, `round ${String(round)}`, (index) => index % 20 === 0));
} finally {
  await rm(root, { recursive: true, force: true });
}
