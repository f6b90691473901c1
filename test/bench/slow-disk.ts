/**
 * `npm run bench:slow-disk [-- FILES ROUNDS]`: runs on a disk that serves 100 reads and 100 MB a second, as a rotating disk
 * does, from cold caches: plain `rsync -aHAX --delete` and our pull, in turn, on one ext4 file system. Needs root, loop
 * devices and the block controller of control groups. Only reads are slow: the kernel does not count buffered writes.
 */
import { mkdir, mkdtemp, readFile, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { withPart } from './marked-part.ts';
import { manySmall } from './peer-trees.ts';

const [files = 100_000, rounds = 3] = process.argv.slice(2).map(Number);
const reads = { perSecond: 100, bytesPerSecond: 100 * 1024 ** 2 };
const root = await mkdtemp('/var/tmp/extbackup-bench-'); // on a disk, not in memory
const [image, mount, source, shell] = ['image', 'disk', 'source', 'shell'].map((name) => join(root, name)) as [
  string,
  string,
  string,
  string,
];
const quiet = { stdio: 'ignore' } as const;
const tree = manySmall(files);

/** A control group whose programs read slowly from the disk that has the image. */
async function slowGroup(): Promise<Record<'join' | 'leave', string> & { readonly remove: () => Promise<void> }> {
  const { dev } = await stat(root);
  const numbers = `${String((dev >> 8) & 0xfff)}:${String((dev & 0xff) | ((dev >> 12) & 0xfff00))}`;
  const partition = `/sys/dev/block/${numbers}`;
  const disk = existsSync(`${partition}/partition`) ? `${partition}/../dev` : `${partition}/dev`;
  const device = (await readFile(disk, 'utf8')).trim();
  const isOld = existsSync('/sys/fs/cgroup/blkio');
  const top = `/sys/fs/cgroup${isOld ? '/blkio' : ''}`;
  const group = `${top}/extbackup-bench`;
  if (!isOld) await writeFile('/sys/fs/cgroup/cgroup.subtree_control', '+io');
  await mkdir(group, { recursive: true });
  const limits = isOld
    ? [
        ['blkio.throttle.read_iops_device', `${device} ${String(reads.perSecond)}`],
        ['blkio.throttle.read_bps_device', `${device} ${String(reads.bytesPerSecond)}`],
      ]
    : [['io.max', `${device} riops=${String(reads.perSecond)} rbps=${String(reads.bytesPerSecond)}`]];
  for (const [file = '', limit = ''] of limits) await writeFile(join(group, file), limit);
  const moveTo = (place: string): string => `echo $$ > ${place}/cgroup.procs`;
  return { join: moveTo(group), leave: moveTo(top), remove: () => rmdir(group) };
}

const copy = ['-aHAX', '--delete', `--rsh=${shell}`, 'extbackup@backup:'];
const sides = {
  'rsync -aHAX --delete': () => [
    '/usr/bin/nice',
    '-n19',
    '/usr/bin/ionice',
    '-c3',
    '/usr/bin/rsync',
    ...copy,
    join(mount, 'plain/'),
  ],
  extbackup: (isFirst: boolean) => [
    ...[process.execPath, '--import', 'tsx', join(import.meta.dirname, 'our-pull.ts')],
    ...[root, String(files), String(isFirst), device],
  ],
} as const;
type SideName = keyof typeof sides;

/** Nothing of the disk is in memory; the source and the programs are. */
async function cold(): Promise<void> {
  await execa('/usr/bin/umount', [mount], { ...quiet, reject: false });
  await execa('/usr/bin/mount', ['-o', 'noatime', device, mount]);
  await execa('/usr/bin/sync');
  await writeFile('/proc/sys/vm/drop_caches', '3');
  await execa('/usr/bin/rsync', [...copy.slice(0, 3), '--dry-run', copy[3] ?? '', join(root, 'nowhere/')], quiet);
  await execa(process.execPath, [...sides.extbackup(false).slice(1, 4), join(root, 'warm'), '0'], {
    ...quiet,
    reject: false,
  });
}

/** Seconds until everything is on the disk. */
async function time(name: SideName, isFirst: boolean): Promise<number> {
  await cold();
  const begin = performance.now();
  const { stdout } = await execa('/bin/sh', ['-c', `${group.join}; exec "$@"`, 'sh', ...sides[name](isFirst)]);
  const took =
    name === 'extbackup'
      ? (JSON.parse(stdout) as { seconds: number }).seconds // the agent runs already when a disk is plugged in
      : (performance.now() - begin) / 1000;
  const flushing = performance.now();
  await execa('/usr/bin/sync', ['-f', mount]);
  return took + (performance.now() - flushing) / 1000;
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** One kind of run, in turn. @returns a row of the table */
async function compare(kind: string, count: number, prepare: (round: number) => Promise<void>): Promise<string> {
  const seconds: Record<SideName, number[]> = { 'rsync -aHAX --delete': [], extbackup: [] };
  for (let round = 0; round < count; round += 1) {
    await prepare(round);
    const names = Object.keys(seconds) as SideName[];
    for (const name of round % 2 === 0 ? names : names.reverse())
      seconds[name].push(await time(name, kind === 'first copy'));
  }
  const ratios = seconds.extbackup.map((ours, round) => ours / (seconds['rsync -aHAX --delete'][round] ?? Number.NaN));
  const row = [median(ratios), Math.min(...ratios), Math.max(...ratios)].map((ratio) => ratio.toFixed(2));
  const line = `| ${kind} | ${row[0] ?? ''} (${row[1] ?? ''} to ${row[2] ?? ''}) |`;
  console.log(line, JSON.stringify(seconds));
  return line;
}

let device = '';
const group = await slowGroup();
try {
  await mkdir(mount);
  await mkdir(source);
  await writeFile(
    shell,
    `#!/bin/sh\n${group.leave} # the server is another machine\nwhile [ "$1" != rsync ]; do shift; done\ncd '${source}' && exec "$@"\n`,
    {
      mode: 0o755,
    },
  );
  await tree.fill(source);
  await execa('/usr/bin/truncate', ['-s', '40G', image]);
  await execa('/usr/sbin/mkfs.ext4', ['-q', image]);
  ({ stdout: device } = await execa('/usr/sbin/losetup', ['--find', '--show', '--direct-io=on', image]));
  await execa('/usr/bin/mount', ['-o', 'noatime', device, mount]);
  for (const name of ['plain', 'backups']) await mkdir(join(mount, name));
  const rows = [
    await compare('first copy', 1, () => Promise.resolve()),
    await compare('nothing changed', rounds, () => Promise.resolve()),
    await compare('5 % changed', rounds, async (round) => {
      for (let part = 0; part < 5; part += 1) await tree.change(source, round * 5 + part);
    }),
  ];
  const page = join(import.meta.dirname, '../../docs/performance.md');
  const intro = `${new Date().toISOString().slice(0, 10)}, ${tree.name}, ${String(rounds)} rounds in turn; medians, with the least and the most:`;
  const table = [`| kind of run | extbackup to \`rsync -aHAX --delete\` |`, '|---|---|', ...rows].join('\n');
  await writeFile(page, withPart(await readFile(page, 'utf8'), 'the slow disk', `${intro}\n\n${table}\n`));
} finally {
  await execa('/usr/bin/umount', [mount], { ...quiet, reject: false });
  if (device !== '') await execa('/usr/sbin/losetup', ['--detach', device], { ...quiet, reject: false });
  await group.remove();
  await rm(root, { recursive: true, force: true });
}
