/**
 * `npm run bench:peers [-- FILES MEGABYTES ROUNDS]`: backs up the same trees with extbackup and with its neighbours, in
 * turn, from cold caches, until everything is on the disk. Writes the ratios to docs/performance.json and .md.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { startLoopbackServer } from './loopback-server.ts';
import { sidesOf, type Side } from './peer-sides.ts';
import { fewLarge, manySmall, type Tree } from './peer-trees.ts';
import { writePage, type Comparison, type Figures } from './performance-page.ts';

const [files = 20_000, megabytes = 400, rounds = 3] = process.argv.slice(2).map(Number);
const kinds = ['first copy', 'nothing changed', '1 % changed'] as const;

const cold = async (): Promise<void> => {
  await execa('/usr/bin/sync');
  await writeFile('/proc/sys/vm/drop_caches', '3');
};

/** Seconds until the data is on the disk. */
async function time(side: Side, target: string, isFirst: boolean): Promise<number> {
  await cold();
  const begin = performance.now();
  const own = await side.backUp(isFirst);
  const took = own ?? (performance.now() - begin) / 1000;
  const flushing = performance.now();
  await execa('/usr/bin/sync', ['-f', target]);
  return took + (performance.now() - flushing) / 1000;
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** The ratios to the first side, round by round, so that a slow round is slow for both. */
function figures(seconds: readonly number[], first: readonly number[]): Figures {
  const ratios = seconds.map((value, round) => value / (first[round] ?? Number.NaN));
  return { median: median(ratios), least: Math.min(...ratios), most: Math.max(...ratios) };
}

async function compare(tree: Tree, count: number): Promise<Comparison[]> {
  const root = await mkdtemp(join(tmpdir(), 'extbackup-bench-'));
  const source = join(root, 'source');
  await mkdir(source);
  await tree.fill(source);
  const server = await startLoopbackServer(root, source);
  try {
    const sides = sidesOf({ root, source, shell: server.shell, files: count });
    const seconds = new Map(kinds.map((kind) => [kind as string, sides.map((): number[] => [])]));
    for (let round = 0; round < rounds; round += 1) {
      for (const side of sides) await side.begin();
      for (const kind of kinds) {
        if (kind === '1 % changed') await tree.change(source, round);
        for (const turn of sides.keys()) {
          const index = (turn + round) % sides.length; // each side is first once
          const side = sides[index];
          if (!side) continue;
          seconds.get(kind)?.[index]?.push(await time(side, root, kind === 'first copy'));
          if (side.mirror !== undefined) await execa('/usr/bin/diff', ['--recursive', '--brief', source, side.mirror]);
        }
      }
      console.log(`${tree.name}: round ${String(round + 1)} of ${String(rounds)}`);
    }
    return kinds.map((kind) => {
      const measured = seconds.get(kind) ?? [];
      return {
        tree: tree.name,
        kind,
        sides: sides.map(({ name, overSsh }, index) => ({
          name,
          overSsh,
          ...figures(measured[index] ?? [], measured[0] ?? []),
        })),
      };
    });
  } finally {
    await server.stop();
    await rm(root, { recursive: true, force: true });
  }
}

const results = [...(await compare(manySmall(files), files)), ...(await compare(fewLarge(megabytes), 4))];
await writePage({
  date: new Date().toISOString().slice(0, 10),
  machine: `${String(cpus().length)} processors, Node ${process.versions.node}`,
  rounds,
  results,
});
