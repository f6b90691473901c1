import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { usualRotation } from '../../../src/config/rotation-setting.ts';
import { renderMetrics } from '../../../src/monitoring/metrics.ts';
import { aDrive, aRun, aStatus } from '../../fakes/a-status.ts';

/** The examples for Prometheus, Alertmanager and Grafana, judged by promtool and against our own metrics. */
const tools = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'extbackup/tools/usr/bin');
const promtool = join(tools, 'promtool');
const examples = new URL('../../../debian/examples/monitoring/', import.meta.url).pathname;
const example = (name: string): Promise<string> => readFile(join(examples, name), 'utf8');

it('each alert fires when it should, and none where all is well', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'extbackup-rules-'));
  try {
    await cp(join(examples, 'extbackup.rules.yml'), join(directory, 'extbackup.rules.yml'));
    await cp(join(import.meta.dirname, 'rules.promtool.yml'), join(directory, 'test.yml'));
    const { stdout, stderr } = await promisify(execFile)(promtool, ['test', 'rules', 'test.yml'], { cwd: directory });
    expect(stdout + stderr).toContain('SUCCESS');
  } finally {
    await rm(directory, { recursive: true });
  }
});

it('every alert has a test in which it fires', async () => {
  const names = [...(await example('extbackup.rules.yml')).matchAll(/alert: (\w+)/g)].map(([, name]) => name);
  const tests = await readFile(join(import.meta.dirname, 'rules.promtool.yml'), 'utf8');
  expect(names.length).toBeGreaterThan(10);
  for (const name of names) expect(tests).toMatch(new RegExp(`alertname="${name}"|alertname: ${name}\n`));
});

it('Alertmanager takes the example, and sends critical alerts and warnings to different receivers', async () => {
  const amtool = async (...args: string[]) => (await promisify(execFile)(join(tools, 'amtool'), args)).stdout.trim();
  const file = join(examples, 'alertmanager.yml');
  expect(await amtool('check-config', file)).toMatch(/SUCCESS[^]* 2 receivers/);
  const routeOf = (severity: string) =>
    amtool('config', 'routes', 'test', '--config.file', file, `severity=${severity}`);
  expect([await routeOf('critical'), await routeOf('warning')]).toEqual(['critical', 'warnings']);
  const rules = await example('extbackup.rules.yml');
  const inhibited = [...(await example('alertmanager.yml')).matchAll(/alertname = "(\w+)"/g)].map(([, name]) => name);
  expect(inhibited.length).toBeGreaterThan(0);
  for (const name of inhibited) expect(rules).toContain(`alert: ${name ?? ''}\n`);
  expect(new Set([...rules.matchAll(/severity: (\w+)/g)].map(([, severity]) => severity))).toEqual(
    new Set(['critical', 'warning']),
  );
});

it.each(['extbackup.rules.yml', 'grafana-dashboard.json'])('%s knows only metrics that there are', async (name) => {
  const sources = [{ name: 'a', lastSuccess: '2026-11-27T12:00:00Z', lastError: null }];
  const status = aStatus({ drives: [aDrive('BACKUP_1', { sources })] });
  const run = aRun({ bytesReceived: 1, verified: { files: 1, bytes: 1, damaged: 0 } });
  const text = renderMetrics({
    status,
    rotation: usualRotation,
    lastRuns: [run],
    records: [],
    clockIsSynchronised: true,
    version: '1',
  });
  const known = new Set(text.match(/^extbackup_\w+/gm));
  const used = new Set((await example(name)).match(/extbackup_[a-z_]+/g));
  expect(used.size).toBeGreaterThan(5);
  expect([...used].filter((metric) => !known.has(metric))).toEqual([]);
});

it('the dashboard has no panel without a question, and no panel over another', async () => {
  interface Panel {
    title: string;
    gridPos: { x: number; y: number; w: number; h: number };
    targets: { expr: string }[];
  }
  const { panels } = JSON.parse(await example('grafana-dashboard.json')) as { panels: Panel[] };
  const taken = new Set<string>();
  for (const { title, gridPos, targets } of panels) {
    expect(targets.length, title).toBeGreaterThan(0);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1)
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
        expect(taken.has(`${x} ${y}`), title).toBe(false);
        taken.add(`${x} ${y}`);
      }
  }
});
