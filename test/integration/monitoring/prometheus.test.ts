import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile, readFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createMetricsFile } from '../../../src/agent/metrics-file.ts';
import { createBus } from '../../../src/bus/bus.ts';
import type { Config } from '../../../src/config/schema.ts';
import { usualRotation } from '../../../src/config/rotation-setting.ts';
import { renderMetrics, type MetricsSources } from '../../../src/monitoring/metrics.ts';
import { unknownHealth } from '../../../src/records/disk-health.ts';
import type { SourceRun } from '../../../src/records/run-record.ts';
import { aRecord } from '../../unit/disk/devices.ts';
import { aDrive, aRun, aStatus } from '../../fakes/a-status.ts';

/** The metrics file, judged by promtool and served by Debian's node exporter. */
const tools = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'extbackup/tools/usr/bin');
let directory: string;
let file: string;
let warnings: string[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'extbackup-metrics-'));
  file = join(directory, 'extbackup.prom');
  warnings = [];
});
afterEach(() => rm(directory, { recursive: true }));

function aMetricsFile(textfile = file) {
  const bus = createBus((_event, error) => {
    throw error;
  });
  bus.on('warning:raised', ({ reason, todo }) => {
    warnings.push(`${reason} ${todo}`);
  });
  bus.on('warning:settled', ({ topic }) => {
    warnings.push(`settled: ${topic}`);
  });
  return createMetricsFile({
    bus,
    runs: { list: () => Promise.resolve([aRun({ drive: 'BACKUP_1' }), aRun({ drive: 'BACKUP_2', exitCode: 13 })]) },
    version: '1.0',
    drives: () => Promise.resolve([]),
    askClock: () => Promise.resolve(true),
    loadConfig: () => Promise.resolve({ rotation: usualRotation, metrics: { textfile } } as Config),
    onError: (error) => {
      throw error;
    },
  });
}

/** What promtool says about a text. */
async function check(text: string): Promise<{ code: number; said: string }> {
  const child = execFile(join(tools, 'promtool'), ['check', 'metrics']);
  let said = '';
  child.stderr?.on('data', (part: string) => (said += part));
  child.stdin?.end(text);
  const [code] = (await once(child, 'exit')) as [number];
  return { code, said };
}

/** A station of which every metric is known: sets, sources, a drill, room on the disk. */
function everything(): MetricsSources {
  const at = '2026-11-27T12:00:00Z';
  const offlineCopy = { drive: 'BACKUP_1', at, ageSeconds: 172_800 };
  const source = { name: 'office', lastSuccess: at, lastError: null };
  const status = aStatus({ drives: [aDrive('BACKUP_1', { drilledAt: at, sources: [source] })] });
  const part: SourceRun = {
    ...{ name: 'office', outcome: 'success', code: null, message: '', filesTotal: 8, filesTransferred: 2 },
    ...{ filesDeleted: 0, bytesTotal: 9, bytesTransferred: 4, bytesReceived: 3 },
  };
  return {
    status: {
      ...status,
      drill: { everySeconds: 7_862_400, last: at, overdue: false },
      rotation: {
        ...status.rotation,
        sets: [
          {
            ...{
              name: 'daily',
              overdue: false,
              next: 'BACKUP_1',
              drives: ['BACKUP_1'],
              overdueDrives: [],
              offlineCopy,
            },
            sources: [{ name: 'office', offlineCopy, overdue: false }],
          },
        ],
      },
    },
    rotation: usualRotation,
    lastRuns: [aRun({ bytesReceived: 3, verified: { files: 2, bytes: 1, damaged: 0 }, sources: [part] })],
    records: [
      aRecord({
        restoredAt: at,
        rooms: [{ bytes: 1000, freeBytes: 400, inodes: 50, freeInodes: 20 }],
        health: { ...unknownHealth, checkedAt: at },
      }),
    ],
    clockIsSynchronised: true,
    version: '1.0',
  };
}

const content = () => expect.poll(() => readFile(file, 'utf8').catch(() => '')); // it is written soon, not at once

it('promtool finds no fault with it, and it can be read by the collector', async () => {
  aMetricsFile()(aStatus());
  await content().toContain('extbackup_drive_present');
  expect((await stat(file)).mode & 0o777).toBe(0o644);
  expect(await check(await readFile(file, 'utf8'))).toEqual({ code: 0, said: '' });
  expect((await check('# TYPE wrong_total gauge\nwrong_total 1\n')).code).not.toBe(0);
});

it('promtool finds no fault with any metric that there is', async () => {
  const text = renderMetrics(everything());
  const there = new Set(text.match(/^extbackup_\w+/gm));
  const written = await Promise.all(
    ['metrics', 'run-metrics', 'set-metrics'].map((name) =>
      readFile(new URL(`../../../src/monitoring/${name}.ts`, import.meta.url), 'utf8'),
    ),
  );
  const names = [...written.join('').matchAll(/gauge\(\s*'(\w+)'/g)].map(([, name]) => `extbackup_${name ?? ''}`);
  expect(names.length).toBeGreaterThan(40);
  expect([...there].sort()).toEqual(names.sort()); // none is left out here
  expect(await check(text)).toEqual({ code: 0, said: '' });
});

it('the node exporter serves it', async () => {
  aMetricsFile()(aStatus());
  await content().toContain('extbackup_drive_present');
  const port = '19100';
  const args = ['--collector.disable-defaults', '--collector.textfile', `--collector.textfile.directory=${directory}`];
  const exporter = spawn(join(tools, 'prometheus-node-exporter'), [...args, `--web.listen-address=127.0.0.1:${port}`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  try {
    for await (const line of createInterface(exporter.stderr)) if (line.includes('address=')) break;
    const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(page).toContain('extbackup_last_run_exit_code{drive="BACKUP_2"} 13');
    expect(page).toContain('node_textfile_scrape_error 0');
  } finally {
    exporter.kill();
  }
});

it('it is written anew when the state changes, not for the progress of a run', async () => {
  const write = aMetricsFile();
  write(aStatus());
  await content().toContain('extbackup_key_loaded 1');
  await writeFile(file, 'as it was');
  const { offlineCopy, ...rotation } = aStatus().rotation;
  const older = { ...rotation, offlineCopy: offlineCopy && { ...offlineCopy, ageSeconds: offlineCopy.ageSeconds + 1 } };
  write(aStatus({ updatedAt: '2026-11-29T12:00:01Z', rotation: older }));
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(await readFile(file, 'utf8')).toBe('as it was');
  write(aStatus({ key: 'missing' }));
  await content().toContain('extbackup_key_loaded 0');
  expect(await readdir(directory)).toEqual(['extbackup.prom']);
});

it('a link that somebody put there is replaced, and what it points to stays', async () => {
  const other = join(directory, 'other');
  await writeFile(other, 'not ours');
  await symlink(other, file);
  await symlink(other, `${file}.new`);
  aMetricsFile()(aStatus({ drives: [aDrive('BACKUP_1')] }));
  await expect.poll(async () => (await stat(file)).size).toBeGreaterThan(100);
  expect(await readFile(other, 'utf8')).toBe('not ours');
});

it('a directory that is missing is warned of once, and no more when it is there', async () => {
  const write = aMetricsFile(join(directory, 'collector/extbackup.prom'));
  write(aStatus());
  await expect.poll(() => warnings.length).toBe(1);
  write(aStatus({ key: 'missing' }));
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(warnings).toEqual([
    expect.stringMatching(/^The metrics could not be written .*ENOENT.* Check metrics.textfile/),
  ]);
  await mkdir(join(directory, 'collector'));
  write(aStatus());
  await expect.poll(() => warnings.at(-1)).toBe('settled: metrics');
});
