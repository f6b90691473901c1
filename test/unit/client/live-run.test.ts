import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { liveRun } from '../../../src/client/live-run.ts';
import { liveStatus } from '../../../src/client/live-status.ts';
import { createLiveView, createLineView, createJsonView } from '../../../src/client/run-view.ts';
import { createSpeed } from '../../../src/client/speed.ts';
import { replySchema, runStatusSchema, type RunStatus } from '../../../src/protocol/status.ts';
import { withoutColour, type Style } from '../../../src/text/style.ts';
import { aDrive, aStatus } from '../../fakes/a-status.ts';

const now = new Date('2026-11-29T12:00:00Z');
const run = (more: Partial<RunStatus> = {}): RunStatus =>
  runStatusSchema.parse({
    ...{ id: 'r1', drive: 'BACKUP_1', phase: 'pulling', startedAt: '2026-11-29T11:57:50Z' },
    ...{ percent: 43.7, bytes: 12_300_000_000, expectedBytes: 28_000_000_000, files: 1204, checked: 12 },
    ...{ etaSeconds: 190, lastTookMs: 225_000 },
    ...more,
  });
const moment = { now, speed: 45_000_000 };
const style = (columns: number, utf8 = true): Style => ({ columns, utf8, colour: false });

describe('a run on a terminal', () => {
  it('shows in 80 columns what is done, how far it is, how long it takes, and the disk to bring next', () => {
    expect(liveRun(run(), aStatus(), moment, style(80))).toEqual([
      'BACKUP_1: pulling',
      '✓ open  ▸ copy  · check  · close',
      `${'█'.repeat(17)}${'░'.repeat(23)} 43 %`,
      '12.3 GB of about 28 GB, 1204 files, 45 MB/s, about 3 min 10 s left',
      'Running for 2 min 10 s; took 3 min 45 s last time. Leave the disk plugged in.',
      'Bring next: BACKUP_2',
    ]);
  });

  it('is ASCII alone where the locale has nothing else, and fits 40 columns', () => {
    expect(liveRun(run(), aStatus(), moment, style(40, false))).toEqual([
      'BACKUP_1: pulling',
      '[x] open  [>] copy  [ ] check  [ ] close',
      `${'#'.repeat(15)}${'-'.repeat(20)} 43 %`,
      '12.3 GB of about 28 GB, 1204 files, 45',
      '  MB/s, about 3 min 10 s left',
      'Running for 2 min 10 s; took 3 min 45 s',
      '  last time. Leave the disk plugged in.',
      'Bring next: BACKUP_2',
    ]);
  });

  it.each([20, 40, 80, 120])('never is wider than %d columns, in any phase and with any figures', (columns) => {
    const figure = fc.option(fc.nat(1e15), { nil: null });
    fc.assert(
      fc.property(
        fc.constantFrom('waking', 'waiting-for-server', 'deleting', 'verifying-data', 'closing', 'a-later-one'),
        fc.record({ expectedBytes: figure, etaSeconds: figure, lastTookMs: figure, bytes: fc.nat(), files: fc.nat() }),
        fc.option(fc.integer({ min: 0, max: 99 }), { nil: null }),
        fc.boolean(),
        fc.boolean(),
        (phase, figures, percent, utf8, colour) => {
          const lines = liveRun(
            run({ phase, ...figures, percent, source: 'photos-of-the-office' }),
            aStatus(),
            moment,
            {
              ...{ columns, utf8, colour },
            },
          );
          for (const line of lines) {
            expect(withoutColour(line).length).toBeLessThanOrEqual(columns);
            if (!colour) expect(line).not.toContain('\u001B');
            if (!utf8) expect(line).toMatch(/^[\x1b\x20-\x7e]*$/);
          }
        },
      ),
    );
  });

  it('has no bar and no time where nothing is known, and says what is', () => {
    const unknown = run({
      percent: null,
      expectedBytes: null,
      etaSeconds: null,
      bytes: 4e6,
      files: 0,
      checked: 98,
      lastTookMs: null,
    });
    const text = liveRun(unknown, aStatus(), { now }, style(80)).join('\n');
    expect(text).toContain('4 MB, 98 % of the names looked at');
    expect(text).not.toMatch(/[█░]|left|0 files|last time/);
  });

  it('has colours only where they are wanted', () => {
    const coloured = liveRun(run(), aStatus(), moment, { ...style(80), colour: true });
    expect(coloured.join('')).toContain('\u001B[1mBACKUP_1');
    expect(coloured.map(withoutColour)).toEqual(liveRun(run(), aStatus(), moment, style(80)));
  });

  it('asks nobody to bring a disk that is here', () => {
    const drives = [aDrive('BACKUP_1', { present: true }), aDrive('BACKUP_2', { present: true })];
    expect(liveRun(run(), aStatus({ drives }), moment, style(80)).join()).not.toContain('Bring');
  });
});

it.each([40, 80, 120])('the watched status fits %d columns', (columns) => {
  const drives = [aDrive('BACKUP_1', { present: true, state: 'failed', message: 'A long story. '.repeat(20) })];
  const lines = liveStatus(aStatus({ drives, run: run() }), moment, style(columns));
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
  expect(lines.join('\n')).toMatch(/^Offline copy[^]*▸ copy[^]*BACKUP_1 +FAILED[^]*A long\s+story/);
});

it('the speed is that of the last ten seconds, of this phase alone', () => {
  const speed = createSpeed();
  const at = (seconds: number, bytes: number, phase = 'pulling'): number | undefined =>
    speed.see(run({ bytes, phase }), seconds * 1000);
  expect(at(0, 0)).toBeUndefined();
  expect(at(1, 100)).toBeUndefined();
  expect(at(2, 200)).toBe(100);
  expect(at(14, 1_400)).toBeUndefined(); // nothing is known of the last ten seconds
  expect(at(18, 1_800)).toBe(100);
  expect(at(19, 5, 'verifying-data')).toBeUndefined();
  expect(at(25, 5, 'verifying-data')).toBeUndefined(); // it stands still
});

const reply = replySchema.parse({ version: 1, id: 'abcd', state: 'started', runIds: ['r1'] });

it('the view draws our run alone, and erases itself between runs and at the end', () => {
  const drawn: string[][] = [];
  const painter = {
    draw: (lines: readonly string[]) => void drawn.push([...lines]),
    erase: () => void drawn.push([]),
  };
  const view = createLiveView(
    painter,
    () => style(80),
    () => now,
  );
  view.update({ ...reply, state: 'queued' }, aStatus());
  view.update(reply, aStatus({ run: run() }));
  view.update(reply, aStatus({ run: run({ id: 'other' }) }));
  view.end();
  expect(drawn.map(([first]) => first)).toEqual(['Waiting for its turn.', 'BACKUP_1: pulling', undefined, undefined]);
});

it('a pipe gets a line for each tenth, of the bytes or of the names', () => {
  const lines: string[] = [];
  const view = createLineView((line) => lines.push(line));
  const bare = { bytes: 0, expectedBytes: null, files: 0, etaSeconds: null };
  for (const checked of [1, 5, 12, 19, 99])
    view.update(reply, aStatus({ run: run({ ...bare, percent: null, checked }) }));
  view.update(reply, aStatus({ run: run({ ...bare, percent: 30, expectedBytes: 10e6, bytes: 3e6 }) }));
  expect(lines).toEqual([
    'BACKUP_1: pulling, 1 % of the names looked at',
    'BACKUP_1: pulling, 12 % of the names looked at',
    'BACKUP_1: pulling, 99 % of the names looked at',
    'BACKUP_1: pulling, 30 %, 3 MB of about 10 MB',
  ]);
});

it('a program gets an object for each change', () => {
  const lines: string[] = [];
  const view = createJsonView((line) => lines.push(line));
  for (const bytes of [1, 1, 2]) view.update(reply, aStatus({ run: run({ bytes }) }));
  view.update(reply, aStatus());
  expect(lines.map((line): unknown => JSON.parse(line))).toMatchObject([
    { version: 1, type: 'progress', run: { bytes: 1 } },
    { version: 1, type: 'progress', run: { bytes: 2 } },
  ]);
});
