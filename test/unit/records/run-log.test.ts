import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createRunLog, parseRuns } from '../../../src/records/run-log.ts';
import { type RunRecord } from '../../../src/records/run-record.ts';
import { aRunRecord } from '../../fakes/a-run-record.ts';

const record = (id: string): RunRecord => aRunRecord({ id });

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'run-log-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

test('keeps runs in order, in a file that only its owner reads', async () => {
  const file = join(directory, 'state', 'runs.jsonl');
  const log = createRunLog(file);
  expect(await log.list()).toEqual([]);
  expect(await log.append(record('a'))).toBeUndefined();
  await log.append(record('b'));
  expect((await log.list()).map(({ id }) => id)).toEqual(['a', 'b']);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test('a line torn by a power cut costs only itself, and not the next one', async () => {
  const file = join(directory, 'runs.jsonl');
  const log = createRunLog(file);
  await log.append(record('a'));
  await appendFile(file, '{"id":"torn","dri');
  await log.append(record('b'));
  expect((await log.list()).map(({ id }) => id)).toEqual(['a', 'b']);
});

test('lines that are no run are left out', () => {
  expect(parseRuns(`\n42\n{"id":"x"}\n${JSON.stringify(record('a'))}\nnull`).map(({ id }) => id)).toEqual(['a']);
});

test('the oldest runs are dropped when there are too many', async () => {
  const file = join(directory, 'runs.jsonl');
  await writeFile(
    file,
    Array.from({ length: 2200 }, (_, index) => `${JSON.stringify(record(String(index)))}\n`).join(''),
  );
  const log = createRunLog(file);
  await log.append(record('new'));
  const runs = await log.list();
  expect(runs).toHaveLength(2000);
  expect(runs.at(-1)?.id).toBe('new');
  expect(runs[0]?.id).toBe('201');
});

test('dropping the oldest keeps lines of a newer version', async () => {
  const file = join(directory, 'runs.jsonl');
  const newer = '{"version":2,"what":"it is"}';
  await writeFile(
    file,
    `${Array.from({ length: 2200 }, (_, index) => `${JSON.stringify(record(String(index)))}\n`).join('')}${newer}\n`,
  );
  await createRunLog(file).append(record('new'));
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  expect(lines).toHaveLength(2000);
  expect(lines.at(-2)).toBe(newer);
});

test('a log that cannot be written is a warning, never an error', async () => {
  const inTheWay = join(directory, 'file');
  await writeFile(inTheWay, '');
  const warning = await createRunLog(join(inTheWay, 'runs.jsonl')).append(record('a'));
  expect(warning?.happened).toContain('could not be recorded');
  expect(await readFile(inTheWay, 'utf8')).toBe('');
});

test('a full disk is a warning, never an error', async () => {
  expect(await createRunLog('/dev/full').append(record('a'))).toMatchObject({
    happened: expect.stringContaining('ENOSPC') as string,
    todo: expect.stringContaining('Check the space') as string,
  });
});
