/** The order of thinning: what a power cut at any moment must find on the disk. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { listHistory, type HistoryEntry } from '../../../src/history/history-entry.ts';
import { pruneHistory } from '../../../src/history/prune.ts';
import { startProgram, type StartProgram } from '../../../src/system/command.ts';
import { madeUpRun, type Wanted } from './thin-model.ts';

const day = 86_400_000;
const begin = Date.parse('2026-01-05T12:00:00Z');
const runsOfAll = 5;
const never = new AbortController().signal;
const start: StartProgram = (command) => startProgram({ ...command, signal: never });

let root: string;
let top: string;
let entries: HistoryEntry[];
/** The names of all old versions of an entry, before thinning. */
let versions: Map<number, string[]>;

/** Five runs in one year; each replaces four files, and replaces or creates others. */
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'extbackup-thinning-order-'));
  top = join(root, 'disk');
  mkdirSync(join(top, 'backups'), { recursive: true });
  for (let run = 0; run < runsOfAll; run += 1) {
    const file = (content: number) => ({ kind: 'file', content }) as const;
    const wanted: Wanted = new Map([
      ...['a', 'b', 'c', 'd'].map((path) => [path, file(run)] as const),
      [run % 2 === 0 ? 'even' : 'odd', file(run)],
      ['late', file(run < 3 ? 0 : run)],
    ]);
    await madeUpRun(top, wanted, new Date(begin + run * day));
  }
  entries = await listHistory(top);
  versions = new Map(entries.map((entry) => [entry.number, filesOf(entry)]));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const filesOf = ({ directory }: HistoryEntry): string[] => (existsSync(directory) ? readdirSync(directory).sort() : []);
const goneOf = (entry: HistoryEntry): string[] => {
  const left = filesOf(entry);
  return (versions.get(entry.number) ?? []).filter((name) => !left.includes(name));
};
const isNamed = ({ log }: HistoryEntry, name: string): boolean =>
  readFileSync(log, 'latin1').includes(`*thinned  |0|0|${name}!`);
const markOf = ({ log }: HistoryEntry): string => log.replace(/\.log$/, '.thinned');

/** Gives up all states but the first of the year and the newest. */
const thin = (at: string, signal: AbortSignal) =>
  pruneHistory(
    start,
    at,
    {
      rule: { now: new Date(begin + 3_000 * day), age: 1e13, atLeast: 0, yearly: 1, minFree: 0, perRun: 1 },
      budget: { entries: Infinity, bytes: Infinity },
      position: runsOfAll,
    },
    signal,
  );

/** A signal that never aborts, and looks at the disk each time that it is asked. */
const watching = (look: () => void): AbortSignal =>
  ({
    get aborted() {
      look();
      return false;
    },
  }) as AbortSignal;

it('an old version is removed only after its state is marked as given up, and after its log names it', async () => {
  const wrong = new Set<string>();
  const inTheMiddle = new Set<number>(); // entries that were seen when some of their versions were gone, but not all
  const look = (): void => {
    const since = join(top, '.extbackup/history/complete-since.json');
    const { number } = JSON.parse(readFileSync(since, 'utf8')) as { number: number };
    for (const entry of entries) {
      const gone = goneOf(entry);
      if (gone.length === 0) continue;
      if (filesOf(entry).some((name) => isNamed(entry, name))) inTheMiddle.add(entry.number);
      if (!existsSync(markOf(entry))) wrong.add(`entry ${String(entry.number)} has no mark`);
      if (number < entry.number) wrong.add(`entry ${String(entry.number)} passes for a state in older versions`);
      for (const name of gone) if (!isNamed(entry, name)) wrong.add(`${name} of ${String(entry.number)} is not named`);
    }
  };
  const { thinned } = await thin(top, watching(look));
  look();
  expect(thinned?.states).toBeGreaterThan(1);
  expect(inTheMiddle.size).toBeGreaterThan(1);
  expect([...wrong]).toEqual([]);
});

it('thinning that is interrupted at some moments removes, in the end, the same as without', async () => {
  const whole = join(root, 'whole');
  cpSync(top, whole, { recursive: true, preserveTimestamps: true });
  const left = async (at: string): Promise<[number, string[]][]> =>
    (await listHistory(at)).map((entry) => [entry.number, filesOf(entry)]);
  const before = await left(top);
  let asked = 0;
  await thin(
    whole,
    watching(() => (asked += 1)),
  );
  const expected = await left(whole);
  expect(expected).not.toEqual(before);
  for (let moment = 1; moment <= asked; moment += 11) {
    const at = join(root, `cut-${String(moment)}`);
    cpSync(top, at, { recursive: true, preserveTimestamps: true });
    let checks = 0;
    const cut = new Error('cut off');
    const signal = {
      get aborted() {
        return (checks += 1) >= moment;
      },
      reason: cut,
    } as AbortSignal;
    await expect(thin(at, signal)).rejects.toBe(cut);
    await thin(at, never);
    expect([moment, await left(at)]).toEqual([moment, expected]);
    await rm(at, { recursive: true });
  }
});
