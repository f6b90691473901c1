/**
 * What compression saves on a slow link: our arguments of rsync with and without it, through a pipe with a limit.
 * Usage: npm run bench:compression -- [MEGABYTES [KIB-PER-SECOND]]; the trees are in TMPDIR.
 */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { execa } from 'execa';
import { configSchema } from '../../src/config/schema.ts';
import { sourceOf } from '../../src/config/sources.ts';
import { copyArgs } from '../../src/rsync/arguments.ts';
import { parseStats } from '../../src/rsync/output.ts';
import { readReport, timed } from './measure.ts';

const megabytes = Number(process.argv[2] ?? 20);
const kibPerSecond = Number(process.argv[3] ?? 1024);
const root = await mkdtemp(join(tmpdir(), 'extbackup-bench-'));
const [source, mirror, shell] = [join(root, 'source'), join(root, 'mirror'), join(root, 'shell')];
const config = configSchema.parse({ source: 'extbackup@backup', key: { derivation: 'sha512' } });

/** Words of the project's own pages in any order, so that no sentence comes twice. */
async function fillTree(packed: boolean): Promise<void> {
  await rm(source, { recursive: true, force: true });
  await mkdir(source, { recursive: true });
  const docs = join(import.meta.dirname, '../../docs');
  const pages = (await readdir(docs)).filter((name) => /\.(?:md|5|7|8)$/.test(name));
  const words = (await Promise.all(pages.map((name) => readFile(join(docs, name), 'utf8')))).join(' ').split(/\s+/);
  const word = (): string => words[Math.floor(Math.random() * words.length)] ?? '';
  for (let index = 0; index < megabytes * 10; index += 1) {
    const content = Array.from({ length: 20_000 }, word).join(' ').slice(0, 100_000);
    await writeFile(join(source, String(index)), packed ? gzipSync(content) : content);
  }
}

async function pull(isCompressed: boolean) {
  await rm(mirror, { recursive: true, force: true });
  await mkdir(mirror);
  const report = join(root, 'time');
  const args = copyArgs(config, sourceOf(config), { mirror, rsh: shell, isCompressed });
  const started = performance.now();
  const { file, args: all } = timed('/usr/bin/rsync', args, report);
  const { stdout } = await execa(file, all);
  const seconds = (performance.now() - started) / 1000;
  return { seconds, received: parseStats(stdout).bytesReceived, ...(await readReport(report)) };
}

try {
  const limit = kibPerSecond > 0 ? `--bwlimit=${kibPerSecond}` : '';
  const script = `#!/bin/sh\nwhile [ "$1" != rsync ]; do shift; done\nshift; cd '${source}' && exec rsync ${limit} "$@"\n`;
  await writeFile(shell, script, { mode: 0o755 });
  for (const packed of [false, true]) {
    await fillTree(packed);
    const [plain, compressed] = [await pull(false), await pull(true)];
    const line = (what: string, unit: string, of: (one: typeof plain) => number): string =>
      `${what} ${of(plain).toFixed(2)} -> ${of(compressed).toFixed(2)} ${unit} (ratio ${(of(compressed) / of(plain)).toFixed(2)})`;
    console.log(
      [
        (packed ? 'packed already' : 'text').padEnd(15),
        line('received', 'MB', ({ received }) => received / 1e6),
        line('wall', 's', ({ seconds }) => seconds),
        line('processor', 's', ({ cpuSeconds }) => cpuSeconds),
      ].join('  '),
    );
  }
} finally {
  await rm(root, { recursive: true, force: true });
}
