/**
 * The cost of history and guard: plain `rsync --delete` and our pull with the same options, over the same kind of pipe,
 * on the same tree, in turn. Usage: npm run bench -- [FILES [ROUNDS [BYTES]]]; the trees are in TMPDIR.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { configSchema } from '../../src/config/schema.ts';
import { sourceOf } from '../../src/config/sources.ts';
import { copyArgs, isBetterAsked } from '../../src/rsync/arguments.ts';
import { lastTime, readReport, timed, type Measure } from './measure.ts';

const count = Number(process.argv[2] ?? 20_000);
/** Rounds of each kind. The sides take turns to be first, so an even number is fair. */
const rounds = Number(process.argv[3] ?? 4);
/** Sum over all kinds, in seconds of wall time. */
const total = { theirs: none(), mine: none() };
const targets = { theirs: 'plain', mine: 'disk/backups' } as const;
/** Greatest size of a file, in bytes. */
const largest = Number(process.argv[4] ?? 2_000);
const filesPerDirectory = 200;

const root = await mkdtemp(join(tmpdir(), 'extbackup-bench-'));
const source = join(root, 'source');
const shell = join(root, 'shell');
const config = configSchema.parse({ source: 'extbackup@backup', key: { derivation: 'sha512' } });
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

async function fillTree(directory: string, text: string, only: (index: number) => boolean): Promise<void> {
  for (let start = 0; start < count; start += filesPerDirectory) {
    const folder = join(directory, `d${String(start / filesPerDirectory)}`);
    await mkdir(folder, { recursive: true });
    const chosen = Array.from(
      { length: Math.min(filesPerDirectory, count - start) },
      (_, index) => start + index,
    ).filter(only);
    await Promise.all(
      chosen.map((index) =>
        writeFile(join(folder, `file-${String(index)}`), `${text} ${String(index)} ${'x'.repeat(index % largest)}`),
      ),
    );
  }
}

async function plain(target: string, firstCopy: boolean): Promise<Measure> {
  const report = join(root, 'plain.time');
  const args = copyArgs(config, sourceOf(config), {
    mirror: target,
    rsh: shell,
    isAsked: isBetterAsked({ ...(!firstCopy && { lastTime: lastTime(count) }), isEmpty: firstCopy }),
  }).filter((arg) => !/^--(?:out-format|debug|max-delete|rsh)/.test(arg));
  const started = performance.now();
  const { file, args: all } = timed(
    '/usr/bin/nice',
    ['-n19', '/usr/bin/ionice', '-c3', '/usr/bin/rsync', `--rsh=${shell}`, ...args],
    report,
  );
  await execa(file, all, { stdio: 'ignore' });
  const seconds = (performance.now() - started) / 1000;
  return { seconds, flushSeconds: await flush(target), programMb: 0, ...(await readReport(report)) };
}

/** Flushes everything to the disk. @returns seconds */
async function flush(target: string): Promise<number> {
  const started = performance.now();
  await execa('/usr/bin/sync', ['-f', target]);
  return (performance.now() - started) / 1000;
}

/** Our pull, in its own process, like the agent: this process has used memory to fill the trees. */
async function ours(firstCopy: boolean): Promise<Measure> {
  const { stdout } = await execa(process.execPath, [
    '--import',
    'tsx',
    join(import.meta.dirname, 'our-pull.ts'),
    root,
    String(count),
    String(firstCopy),
  ]);
  const flushSeconds = await flush(join(root, 'disk'));
  const { told, ...measure } = JSON.parse(stdout) as Omit<Measure, 'flushSeconds'> & { told: string };
  console.log(`    ${told}`);
  return { ...measure, flushSeconds };
}

async function measure(name: string, prepare: (round: number) => Promise<void>, firstCopy = false): Promise<void> {
  const [theirs, mine]: [Measure[], Measure[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    await prepare(round);
    const jobs = [
      async () => {
        theirs.push(await plain(join(root, targets.theirs), firstCopy));
      },
      async () => {
        mine.push(await ours(firstCopy));
      },
    ];
    for (const job of round % 2 === 0 ? jobs : jobs.reverse()) {
      await settle();
      await job();
    }
  }
  add(total.theirs, theirs);
  add(total.mine, mine);
  const compare = (what: string, unit: string, of: (one: Measure) => number): string => {
    // Other work on the machine only adds time: the minimum of many rounds has the least of it.
    const least = Math.min(...mine.map(of)) / Math.min(...theirs.map(of));
    return `${ratio(what, unit, mean(theirs.map(of)), mean(mine.map(of)))}, of the least ${least.toFixed(3)})`;
  };
  console.log(
    [
      name.padEnd(16),
      compare('wall', 's', ({ seconds }) => seconds),
      compare('to the disk', 's', ({ seconds, flushSeconds }) => seconds + flushSeconds),
      compare('processor', 's', ({ cpuSeconds }) => cpuSeconds),
      compare('memory', 'MB', ({ rsyncMb }) => rsyncMb),
    ].join('  '),
  );
}

function ratio(what: string, unit: string, theirs: number, mine: number): string {
  return `${what} ${theirs.toFixed(2)} -> ${mine.toFixed(2)} ${unit} (ratio ${(mine / theirs).toFixed(3)}`;
}

function none(): Record<'wall' | 'toDisk' | 'least', number> {
  return { wall: 0, toDisk: 0, least: 0 };
}

function add(sum: ReturnType<typeof none>, measures: readonly Measure[]): void {
  const toDisk = measures.map(({ seconds, flushSeconds }) => seconds + flushSeconds);
  sum.wall += mean(measures.map(({ seconds }) => seconds));
  sum.toDisk += mean(toDisk);
  sum.least += Math.min(...toDisk);
}

/** Flushes all writes and reads the inodes of all trees, so that both sides start with the same caches. */
async function settle(): Promise<void> {
  await execa('/usr/bin/sync');
  await execa('/usr/bin/find', [
    source,
    ...Object.values(targets).map((name) => join(root, name)),
    '-size',
    '+1000000k',
  ]);
}

const remove = (...paths: readonly string[]) => execa('/usr/bin/rm', ['-rf', '--', ...paths]);

async function emptyTargets(): Promise<void> {
  await remove(join(root, 'plain'), join(root, 'disk'));
  for (const name of Object.values(targets)) await mkdir(join(root, name), { recursive: true });
}

/** A new directory; the one of the previous round is deleted everywhere, so that the trees do not grow. */
async function addNew(name: string, round: number, share: number): Promise<void> {
  const places = [source, ...Object.values(targets).map((target) => join(root, target))];
  await remove(...places.map((place) => join(place, `${name}-${String(round - 1)}`)));
  await mkdir(join(source, `${name}-${String(round)}`));
  const directories = Array.from({ length: Math.ceil((share * count) / filesPerDirectory) }, (_, index) =>
    join(source, `d${String(index)}`),
  );
  await execa('/usr/bin/cp', ['--recursive', '--', ...directories, join(source, `${name}-${String(round)}`)]);
}

/** One file in a hundred, other ones each time. */
async function deleteSome(offset: number): Promise<void> {
  for (let index = offset; index < count; index += 100)
    await rm(join(source, `d${String(Math.floor(index / filesPerDirectory))}`, `file-${String(index)}`), {
      force: true,
    });
}

try {
  await writeFile(shell, `#!/bin/sh\nwhile [ "$1" != rsync ]; do shift; done\ncd '${source}' && exec "$@"\n`, {
    mode: 0o755,
  });
  console.log(`${String(count)} files, ${String(cpus().length)} processors, mean of ${String(rounds)} rounds`);
  await fillTree(source, 'first', () => true);
  await measure('first copy', emptyTargets, true);
  await measure('nothing changed', () => Promise.resolve());
  await measure('5 % changed', (round) => fillTree(source, `round ${String(round)}`, (index) => index % 20 === 0));
  await measure('30 % new', (round) => addNew('new', round, 0.3));
  await measure('1 % deleted', (round) => deleteSome(round));
  await measure('a busy week', async (round) => {
    // all of it at once: 2 % changed, 1 % deleted, and a new directory with 30 %
    await fillTree(source, `week ${String(round)}`, (index) => index % 50 === 49);
    await deleteSome(50 + round);
    await addNew('week', round, 0.3);
  });
  console.log(
    `${'all together'.padEnd(16)}  ${ratio('wall', 's', total.theirs.wall, total.mine.wall)})  ${ratio('to the disk', 's', total.theirs.toDisk, total.mine.toDisk)}, of the least ${(total.mine.least / total.theirs.least).toFixed(3)})`,
  );
} finally {
  await rm(root, { recursive: true, force: true });
}
