import { appendFile, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { budgetOf } from '../../../src/history/budget.ts';
import { assertReaches, readCompleteSince } from '../../../src/history/complete-since.ts';
import { listHistory, type HistoryEntry } from '../../../src/history/history-entry.ts';
import { pruneHistory, type Pruned } from '../../../src/history/prune.ts';
import { thinEntry } from '../../../src/history/thin-entry.ts';
import { drawSample } from '../../../src/restore/drill-sample.ts';
import { listPath } from '../../../src/restore/restore-list.ts';
import { planRollback, rollBack, type RollbackPlan } from '../../../src/restore/roll-back.ts';
import { startProgram } from '../../../src/system/command.ts';
import { copyOf, openDisk, readTree, restoreBeside, type DiskAndServer } from './a-disk.ts';

const never = new AbortController().signal;
const later = new Date(Date.now() + 86_400_000 * 3_000);
let made: DiskAndServer;
let disk: DiskAndServer;
/** The mirror before each run. */
let states: Map<string, string>[];

/** Six runs with rsync within a minute: all of them are in one year. */
beforeAll(async () => {
  made = await openDisk();
  states = [];
  for (let run = 0; run < 6; run += 1) {
    for (const file of ['changing', run % 2 === 0 ? 'even' : 'odd', `only-${String(run)}`])
      await writeFile(join(made.source, file), `${file} ${'x'.repeat(run + 1)}`);
    if (run > 0) await rm(join(made.source, `only-${String(run - 1)}`));
    states.push(await readTree(made.mirror).catch(() => new Map<string, string>()));
    await made.pull();
  }
});
afterAll(() => made.remove());
beforeEach(async () => {
  disk = await copyOf(made);
});
afterEach(() => disk.remove());

/** By the settings, with all entries old: the oldest state stays, one in the middle, and the newest. */
const thin = async (perRun = 1, keep: object = { yearly: 1 }, most?: number): Promise<Pruned> => {
  const rule = { now: later, age: 1e13, minFree: 0, atLeast: 0, perRun, ...keep };
  const position = (await listHistory(disk.top))[0]?.number ?? 0;
  return pruneHistory(
    startProgram,
    disk.top,
    {
      rule,
      budget: most === undefined ? await budgetOf(disk.top, rule) : { entries: most, bytes: Infinity },
      position,
      asked: Math.floor(position / 2),
    },
    never,
  );
};
const thinned = async (): Promise<number[]> =>
  (await listHistory(disk.top)).filter(({ isThinned }) => isThinned === true).map(({ number }) => number);
const entries = async (): Promise<HistoryEntry[]> => (await listHistory(disk.top)).reverse();
const before = (entry: HistoryEntry | undefined): Date => new Date((entry?.at.getTime() ?? 0) - 1);
const planned = async (to: Date | number): Promise<RollbackPlan> => {
  const plan = await planRollback(disk.top, disk.record, to, never);
  if (!plan) throw new Error('there is nothing to undo');
  return plan;
};
const nothingDone = { removed: 0, restored: 0, left: 0 };

it('gives up no state without a rule', async () => {
  const { thinned: done } = await thin(1, {});
  expect([done, await thinned()]).toEqual([undefined, []]);
});

it('gives up what lies between, keeps what is needed, and says how many states', async () => {
  const all = await entries();
  const { thinned: done, removed } = await thin();
  const marked = await thinned();
  expect({ states: done?.states, removed }).toEqual({ states: marked.length, removed: 0 });
  expect(marked.length).toBeGreaterThan(3);
  expect(marked).not.toContain(all[0]?.number);
  const old = await Promise.all(all.map(({ directory }) => readdir(directory).catch(() => [])));
  expect(old.flat().filter((name) => name === 'changing')).toHaveLength(1); // of the state in the middle; the first run created it
  expect(await thin()).not.toHaveProperty('thinned');
});

it('refuses a time between, names the nearest ones, which are not refused, and restores them', async () => {
  const all = await entries();
  await thin();
  const marked = await thinned();
  const middle = all.find(({ number }) => marked.includes(number));
  const error = (await assertReaches(disk.top, before(middle)).catch((thrown: unknown) => thrown)) as Error & {
    todo: string;
    exitCode: number;
  };
  expect(error).toMatchObject({ code: 'EXB_STATE_GIVEN_UP', exitCode: 16 });
  const times = error.todo.match(/\d{4}-\S+Z/g) ?? [];
  const next = all.findIndex(({ number }) => number > (middle?.number ?? 0) && !marked.includes(number));
  expect(times).toEqual([before(all[0]).toISOString(), all[next - 1]?.at.toISOString()]);
  await expect(assertReaches(disk.top, new Date(times[1] ?? ''))).resolves.toBeUndefined();
  await expect(restoreBeside(disk, '.', before(middle))).rejects.toMatchObject({ code: 'EXB_STATE_GIVEN_UP' });
  await expect(listPath(disk.top, 'backups', '.', before(middle))).rejects.toMatchObject({
    code: 'EXB_STATE_GIVEN_UP',
  });
  await expect(planned(before(middle))).rejects.toMatchObject({ code: 'EXB_STATE_GIVEN_UP' });
  await expect(planned((middle?.number ?? 0) - 1)).rejects.toMatchObject({ code: 'EXB_STATE_GIVEN_UP' });
  expect(await restoreBeside(disk, '.', before(all[next]))).toEqual(await stateBefore(all[next]));
});

/** Undone by a rollback, in the way of a person. */
async function stateBefore(entry: HistoryEntry | undefined): Promise<Map<string, string>> {
  await rollBack(startProgram, disk.top, 'backups', await planned((entry?.number ?? 0) - 1), nothingDone, never);
  return readTree(disk.mirror);
}

it('offers an old version with the time of a state that has it', async () => {
  await thin();
  const { entries: versions } = await listPath(disk.top, 'backups', 'changing');
  for (const { until, bytes } of versions.slice(1, -1)) {
    const [restored] = [...(await restoreBeside(disk, 'changing', new Date((until?.getTime() ?? 0) - 1))).values()];
    expect(restored ?? (await readFile(join(disk.top, '../restored'), 'utf8'))).toHaveLength(bytes);
  }
  const sample = await drawSample(disk.top, 'backups', { files: 40, bytes: 1e9 }, never);
  for (const { at } of sample) if (at) await expect(assertReaches(disk.top, at)).resolves.toBeUndefined();
});

it('gives up a share of the states in one run, and the rest later', async () => {
  const first = await thin(0.2);
  expect(first.isCapped).toBe(true);
  expect(first.thinned?.states).toBe((await thinned()).length);
  for (let run = 0; run < 10; run += 1) await thin(0.2);
  const left = await thin(0.2);
  expect([left.isCapped, left.thinned]).toEqual([false, undefined]);
});

it('an older version, which reads only the first fields, refuses all times before the newest state given up', async () => {
  const all = await entries();
  await thin();
  const marked = await thinned();
  const last = all.find(({ number }) => number === Math.max(...marked));
  const file = join(disk.top, '.extbackup/history/complete-since.json');
  expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({
    ...{ at: last?.at.toISOString(), number: last?.number, isBeginning: false },
    some: { number: (all[0]?.number ?? 0) - 1, isBeginning: true },
  });
  expect(await readCompleteSince(disk.top)).toMatchObject({ number: (all[0]?.number ?? 0) - 1 });
});

it('removes thinned entries with the one that they belong to', async () => {
  await thin();
  const marked = await thinned();
  const { removed } = await thin(1, { age: 0, yearly: undefined });
  expect(removed).toBeGreaterThan(marked.length);
  expect(await thinned()).toEqual([]);
  expect((await readdir(join(disk.top, '.extbackup/history'))).filter((name) => name.endsWith('thinned'))).toEqual([]);
  const [oldest] = await entries();
  expect(await readCompleteSince(disk.top)).toMatchObject({ number: (oldest?.number ?? 0) - 1 });
});

it('removed in part, what is left of them passes for no state, and goes with the next run', async () => {
  await thin();
  const all = await entries();
  await thin(1, { age: 0, yearly: undefined }, 1);
  const next = all.findIndex(({ isThinned }, index) => index > 0 && isThinned !== true);
  expect((await entries())[0]).toMatchObject({ number: 2, isThinned: true });
  await expect(assertReaches(disk.top, before(all[next - 1]))).rejects.toMatchObject({ code: 'EXB_BEFORE_HISTORY' });
  await expect(assertReaches(disk.top, before(all[next]))).resolves.toBeUndefined();
  await thin();
  expect((await entries())[0]?.number).toBe(all[next]?.number);
});

it('a line that a power cut left unfinished does not spoil the next one', async () => {
  const [first, ...others] = await entries();
  const last = others.at(-1);
  if (!first || !last) throw new Error('there are no entries');
  const head = await readFile(last.log, 'utf8');
  await appendFile(last.log, `\n${/^marked (\S+)/.exec(head)?.[1] ?? ''}*thinned  |0|0|half-of-a-na`);
  const earlier = [first, ...others.slice(0, -1)];
  const had = await readdir(last.directory);
  await thinEntry(last, earlier, never);
  await thinEntry(last, earlier, never);
  const left = await readdir(last.directory);
  const named = (await readFile(last.log, 'utf8'))
    .split('\n')
    .filter((line) => /\*thinned {2}\|0\|0\|.*!\w{8}$/.test(line));
  expect(had.length - left.length).toBeGreaterThan(0);
  expect(named).toHaveLength(had.length - left.length);
});

it('a rollback that is cut off among thinned entries leaves no state that passes for one', async () => {
  const all = await entries();
  await thin();
  const marked = await thinned();
  const plan = await planned((all[0]?.number ?? 0) - 1);
  const cut = plan.entries.findIndex(({ number }) => number === Math.max(...marked));
  const half = { ...plan, entries: plan.entries.slice(0, cut + 2) };
  await rollBack(startProgram, disk.top, 'backups', half, nothingDone, never);
  const [newest] = await listHistory(disk.top);
  expect(newest?.isThinned).toBe(true);
  await disk.pull();
  const [next] = (await listHistory(disk.top)).filter(({ number }) => number === (newest?.number ?? 0) + 1);
  expect(next?.isThinned).toBe(true);
  await expect(assertReaches(disk.top, before(next))).rejects.toMatchObject({ code: 'EXB_STATE_GIVEN_UP' });
  await thin(1, {}); // as after any complete run
  await writeFile(join(disk.source, 'changing'), 'once more');
  await disk.pull();
  expect((await listHistory(disk.top))[0]?.isThinned).toBeUndefined();
});

it('the beginning comes back through all of it', async () => {
  const all = await entries();
  await thin();
  expect(await stateBefore(all.find(({ number }) => number === 1))).toEqual(states[0]);
});
