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

const content = () => expect.poll(() => readFile(file, 'utf8').catch(() => '')); // it is written soon, not at once

it('promtool finds no fault with it, and it can be read by the collector', async () => {
  aMetricsFile()(aStatus());
  await content().toContain('extbackup_drive_present');
  expect((await stat(file)).mode & 0o777).toBe(0o644);
  const check = async (text: string) => {
    const child = execFile(join(tools, 'promtool'), ['check', 'metrics']);
    let said = '';
    child.stderr?.on('data', (part: string) => (said += part));
    child.stdin?.end(text);
    const [code] = (await once(child, 'exit')) as [number];
    return { code, said };
  };
  expect(await check(await readFile(file, 'utf8'))).toEqual({ code: 0, said: '' });
  expect((await check('# TYPE wrong_total gauge\nwrong_total 1\n')).code).not.toBe(0);
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
