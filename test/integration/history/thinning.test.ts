import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, readFileSync, readlinkSync, readdirSync, rmSync } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { assertReaches } from '../../../src/history/complete-since.ts';
import { listHistory } from '../../../src/history/history-entry.ts';
import { pruneHistory } from '../../../src/history/prune.ts';
import type { KeepRule } from '../../../src/history/retention.ts';
import { undoEntry } from '../../../src/history/undo-entry.ts';
import { restoreFiles } from '../../../src/restore/restore-files.ts';
import { findVersions, layersFor } from '../../../src/restore/restore-plan.ts';
import { startProgram, type StartProgram } from '../../../src/system/command.ts';
import { factor, runs } from '../../property-runs.ts';
import { changed, changes, madeUpRun, treeOf, type Wanted } from './thin-model.ts';

vi.setConfig({ testTimeout: 240_000 * factor });

const day = 86_400_000;
const begin = Date.parse('2026-01-05T12:00:00Z'); // a Monday
const never = new AbortController().signal;
/** The signal of a test is none that a program could wait for. */
const start: StartProgram = (command) => startProgram({ ...command, signal: never });

/** The state before an entry. */
interface State {
  readonly number: number;
  readonly at: number;
  readonly tree: Record<string, string>;
  readonly isFilled: boolean;
}

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'extbackup-thinning-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

type Rule = Pick<KeepRule, 'age' | 'atLeast' | 'weekly' | 'monthly' | 'yearly'>;

/** At least one of the three, and few of them: many states are given up. */
const rule: fc.Arbitrary<Rule> = fc
  .tuple(
    fc.constantFrom(60 * day, 5_000 * day, 5_000 * day),
    fc.constantFrom(0, 0, 0, 4 * day),
    fc.constantFrom<Rule | object>(
      ...[{ yearly: 1 }, { weekly: 2, yearly: 1 }, { monthly: 1, yearly: 1 }, { monthly: 2 }, { weekly: 4 }],
    ),
  )
  .map(([age, atLeast, periods]) => ({ age, atLeast, ...periods }));

/** Two runs a day to one in six days; the settings are applied after one of three runs. */
const step = fc.record({
  days: fc.integer({ min: 5, max: 60 }).map((tenths) => tenths / 10),
  changes,
  prunes: fc.constantFrom(true, false, false),
});
const story = fc.record({ rule, steps: fc.array(step, { minLength: 5, maxLength: 14, size: 'max' }) });

/** Keys of weeks, months and years by the calendar, found in another way than by the program: in UTC, as the tests run. */
const keyOf = {
  weekly: (at: number): string => String(Math.floor((at / day + 3) / 7)), // 1 January 1970 was a Thursday
  monthly: (at: number): string => new Date(at).toISOString().slice(0, 7),
  yearly: (at: number): string => new Date(at).toISOString().slice(0, 4),
};

/** The states that stay by the rule as it is documented. */
function kept(states: readonly State[], all: readonly State[], wanted: Rule, now: number): State[] {
  const newest = all.at(-1)?.number ?? 0;
  const before = Math.min(newest, all.findLast(({ isFilled }) => isFilled)?.number ?? Infinity);
  const firsts = new Set<number>();
  let isRule = false;
  for (const kind of ['weekly', 'monthly', 'yearly'] as const) {
    const most = wanted[kind];
    if (most === undefined) continue;
    isRule = true;
    const periods = [...new Set(states.map(({ at }) => keyOf[kind](at)))].slice(-most);
    for (const period of periods) firsts.add(states.find(({ at }) => keyOf[kind](at) === period)?.number ?? 0);
  }
  return states.filter(
    ({ number, at }) =>
      number >= before ||
      ((!isRule || firsts.has(number) || now - at <= wanted.atLeast) &&
        now - at <= Math.max(wanted.age ?? Infinity, wanted.atLeast)),
  );
}

const prune = (top: string, wanted: Rule, now: number, position: number, signal = never) =>
  pruneHistory(
    start,
    top,
    {
      rule: { ...wanted, now: new Date(now), minFree: 0, perRun: 1 },
      budget: { entries: Infinity, bytes: Infinity },
      position,
    },
    signal,
  );

const isRefused = (top: string, { at }: State): Promise<boolean> =>
  assertReaches(top, new Date(at - 1)).then(
    () => false,
    (error: unknown) => {
      expect(['EXB_STATE_GIVEN_UP', 'EXB_BEFORE_HISTORY']).toContain((error as { code?: string }).code);
      return true;
    },
  );

/** Undoes all entries of a copy of the disk; each state that is not refused must come back exactly. */
async function check(top: string, states: readonly State[], stay: readonly State[], isDone: boolean): Promise<void> {
  const copy = join(root, 'copy');
  rmSync(copy, { recursive: true, force: true });
  execFileSync('/usr/bin/cp', ['-a', top, copy]);
  const refused = new Map<number, boolean>();
  for (const state of states) {
    refused.set(state.number, await isRefused(top, state));
    // The beginning of the history has no time of its own: only a rollback by run goes back before it.
    if (state.number === 1) expect(refused.get(1)).toBe(true);
    else if (stay.includes(state)) expect([state.number, refused.get(state.number)]).toEqual([state.number, false]);
    else if (isDone) expect([state.number, refused.get(state.number)]).toEqual([state.number, true]);
  }
  for (const entry of await listHistory(copy)) {
    await undoEntry(join(copy, 'backups'), entry, { removed: 0, restored: 0, left: 0 }, never);
    const state = states.find(({ number }) => number === entry.number);
    if (refused.get(entry.number) === false || (state && stay.includes(state)))
      expect([entry.number, treeOf(join(copy, 'backups'))]).toEqual([entry.number, state?.tree]);
  }
}

/** What a person gets from restore --at, and the times at which versions of a file are offered. */
async function checkRestore(top: string, states: readonly State[]): Promise<void> {
  for (const [index, state] of states.entries()) {
    if (index % 3 !== 0 || (await isRefused(top, state))) continue;
    const target = join(root, 'restored');
    rmSync(target, { recursive: true, force: true });
    const quiet = { overwrite: false, dryRun: false, onProgress: () => undefined, onName: () => undefined };
    const layers = await layersFor(top, 'backups', '.', new Date(state.at - 1));
    await restoreFiles(start, { ...quiet, layers, target }, never);
    expect([state.number, treeOf(target)]).toEqual([state.number, state.tree]);
  }
  for (const path of ['a', 'a/b', 'a/a/a'])
    for (const { path: place, offered, isDirectory } of await findVersions(top, 'backups', path)) {
      const state = states.find(({ at }) => at === offered?.getTime());
      if (state === undefined || isDirectory || (await isRefused(top, state))) continue;
      const content = lstatSync(place).isSymbolicLink() ? readlinkSync(place) : readFileSync(place, 'utf8');
      expect(state.tree[path]).toContain(content);
    }
}

/** @param crash prunes with interruptions, as often as it takes */
async function live(
  steps: (typeof step extends fc.Arbitrary<infer One> ? One : never)[],
  wanted: Rule,
  crash: number,
): Promise<void> {
  rmSync(root, { recursive: true, force: true });
  const top = join(root, 'disk');
  mkdirSync(join(top, 'backups'), { recursive: true });
  const states: State[] = [];
  let stay: State[] = [];
  let now = begin;
  let source: Wanted = new Map(['a', 'b'].map((path) => [path, { kind: 'directory', content: 0 }]));
  for (const [index, { days, changes: list, prunes }] of steps.entries()) {
    now = Math.round(now + days * day);
    source = changed(source, list);
    const tree = treeOf(join(top, 'backups'));
    const entry = await madeUpRun(top, source, new Date(now));
    const isFilled = await stat(entry.directory).then(
      () => readdirSync(entry.directory).length > 0,
      () => false,
    );
    const state = { number: entry.number, at: now, tree, isFilled };
    states.push(state);
    stay.push(state);
    if (!prunes && index < steps.length - 1) continue;
    const then = kept(stay, states, wanted, now);
    for (let left = crash; crash > 0; left += crash) {
      let checks = left;
      const cut = new Error('cut off');
      const signal = {
        get aborted() {
          return (checks -= 1) < 0;
        },
        reason: cut,
      } as AbortSignal;
      const end = await prune(top, wanted, now, entry.number, signal).catch((error: unknown) => error);
      if (end !== cut) break;
      await check(top, states, then, false);
    }
    await prune(top, wanted, now, entry.number);
    stay = then;
    await check(top, states, stay, true);
  }
  if (crash === 0) await checkRestore(top, states);
}

it('states that stay come back exactly, and all others are refused', async () => {
  await fc.assert(
    fc.asyncProperty(story, ({ rule: wanted, steps }) => live(steps, wanted, 0)),
    runs(8),
  );
});

it('the same after an interruption at any step', async () => {
  await fc.assert(
    fc.asyncProperty(story, fc.integer({ min: 1, max: 7 }), ({ rule: wanted, steps }, crash) =>
      live(steps, wanted, crash),
    ),
    runs(4),
  );
});
