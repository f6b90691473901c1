/**
 * `npm run bench:fleet [-- STATIONS SECONDS]`: serves the metrics of many stations with four disks each on loopback to a real
 * Prometheus with the example's alert rules, and prints what that takes. test/prepare-host unpacks Debian's Prometheus.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { usualRotation } from '../../src/config/rotation-setting.ts';
import { renderMetrics } from '../../src/monitoring/metrics.ts';
import { aDrive, aRun, aStatus } from '../fakes/a-status.ts';
import { aRecord } from '../unit/disk/devices.ts';

const [stations = 500, seconds = 180] = process.argv.slice(2).map(Number);
const scrapeEvery = 15;
const tools = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'extbackup/tools/usr/bin');
const rules = join(import.meta.dirname, '../../debian/examples/monitoring/extbackup.rules.yml');
const labels = ['BACKUP_1', 'BACKUP_2', 'BACKUP_3', 'BACKUP_4'];

/** A station whose disks were last backed up at times of their own. */
function metricsOf(station: number): string {
  const at = new Date(Date.now() - (station % 96) * 3_600_000).toISOString();
  const drives = labels.map((label, index) => aDrive(label, { lastSuccess: at, present: index === station % 4 }));
  const room = { bytes: 4e12, freeBytes: 1e12 + station, inodes: 1e8, freeInodes: 5e7 };
  return renderMetrics({
    status: aStatus({ drives }),
    rotation: usualRotation,
    lastRuns: labels.map((drive) => aRun({ drive, bytesReceived: station * 1e6 })),
    records: labels.map((label) => aRecord({ label, rooms: [room] })),
    clockIsSynchronised: true,
    version: '1.0',
  });
}

const directory = await mkdtemp(join(tmpdir(), 'extbackup-fleet-'));
let bytes = 0;
const server = createServer(({ url = '' }, response) => {
  const text = metricsOf(Number(/\d+/.exec(url)?.[0] ?? 0));
  bytes = Buffer.byteLength(text);
  response.setHeader('content-type', 'text/plain; version=0.0.4');
  response.end(text);
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
const free = createServer().listen(0, '127.0.0.1');
await once(free, 'listening');
const own = (free.address() as AddressInfo).port;
free.close();

const targets = Array.from({ length: stations }, (_, station) => ({
  targets: [`127.0.0.1:${String(port)}`],
  labels: { instance: `station-${String(station)}`, __metrics_path__: `/${String(station)}` },
}));
await writeFile(join(directory, 'targets.json'), JSON.stringify(targets));
await writeFile(
  join(directory, 'prometheus.yml'),
  JSON.stringify({
    global: { scrape_interval: `${String(scrapeEvery)}s`, evaluation_interval: `${String(scrapeEvery)}s` },
    rule_files: [rules],
    scrape_configs: [{ job_name: 'extbackup', file_sd_configs: [{ files: [join(directory, 'targets.json')] }] }],
  }),
);
const prometheus = spawn(
  join(tools, 'prometheus'),
  [
    `--config.file=${join(directory, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(directory, 'data')}`,
    `--web.listen-address=127.0.0.1:${String(own)}`,
  ],
  { stdio: 'ignore' },
);

const ask = async (path: string): Promise<string> => (await fetch(`http://127.0.0.1:${String(own)}${path}`)).text();
async function query(text: string): Promise<number> {
  const answer = JSON.parse(await ask(`/api/v1/query?query=${encodeURIComponent(text)}`)) as {
    data: { result: { value: [number, string] }[] };
  };
  return Number(answer.data.result[0]?.value[1] ?? Number.NaN);
}

try {
  await pause(seconds * 1000);
  const self = await ask('/metrics');
  const figure = (name: string): number =>
    [...self.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))].reduce(
      (sum, [, value]) => sum + Number(value),
      0,
    );
  console.log(
    JSON.stringify({
      stations,
      up: await query('count(up == 1)'),
      kilobytesPerScrape: bytes / 1000,
      samplesPerScrape: await query('avg(scrape_samples_scraped)'),
      secondsPerScrape: await query('avg(scrape_duration_seconds)'),
      series: figure('prometheus_tsdb_head_series'),
      memoryMb: figure('process_resident_memory_bytes') / 1e6,
      processorShare: figure('process_cpu_seconds_total') / seconds,
      ruleSeconds: figure('prometheus_rule_group_last_duration_seconds'),
      alerts: await query('count(ALERTS)'),
    }),
  );
} finally {
  prometheus.kill();
  await once(prometheus, 'exit');
  server.close();
  await rm(directory, { recursive: true, force: true });
}
