import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createClockWatch } from '../../../src/agent/clock-watch.ts';
import { createBus } from '../../../src/bus/bus.ts';
import { configSchema } from '../../../src/config/schema.ts';
import { clockCheck } from '../../../src/doctor/clock-check.ts';
import { createNoticeMaker } from '../../../src/notify/notices.ts';
import { askClockService, awaitClock, readClocks } from '../../../src/records/station-time.ts';
import type { StartProgram } from '../../../src/system/command.ts';
import { defaultPaths, files } from '../../../src/system/paths.ts';

const config = configSchema.parse({ source: 'extbackup@backup', key: { derivation: 'sha512' } });
const paths = { ...defaultPaths };
/** What timedatectl says. */
let isSilent = false;
let answers: { NTP: string; NTPSynchronized: string };
let start: StartProgram;
/** Programs that were started. */
let asked = 0;

beforeEach(async () => {
  paths.state = await mkdtemp(join(tmpdir(), 'extbackup-clock-'));
  answers = { NTP: 'yes', NTPSynchronized: 'yes' };
  asked = 0;
  start = () => {
    asked += 1;
    if (isSilent) return Promise.reject(new Error('no answer'));
    const stdout = `NTP=${answers.NTP}\nNTPSynchronized=${answers.NTPSynchronized}\n`;
    return Promise.resolve({ exitCode: 0, stdout, stderr: '' });
  };
});
afterEach(() => rm(paths.state, { recursive: true }));

/** The last look was now, when the clock was ahead of today's by so many days. */
async function lookedAt(daysAhead: number): Promise<void> {
  const { now, bootId, uptimeMs } = await readClocks(start);
  const then = new Date(now.getTime() + daysAhead * 86_400_000).toISOString();
  const mark = { version: 1, measured: then, claimed: then, bootId, uptimeMs, jumpMs: 0, jumpedAt: then };
  await writeFile(files.time(paths), JSON.stringify(mark));
}

describe('the watch of the clock', () => {
  const watched = (seconds = 10_000) => {
    const told: string[] = [];
    const bus = createBus(() => undefined);
    bus.on('warning:raised', ({ topic = '' }) => {
      told.push(topic);
    });
    bus.on('warning:settled', ({ topic }) => {
      told.push(`settled: ${topic}`);
    });
    const loadConfig = () => Promise.resolve(config);
    return { told, ...createClockWatch({ bus, paths, start, loadConfig, seconds: () => seconds }) };
  };

  it('tells of a jump between two looks once, and when it is over', async () => {
    answers.NTPSynchronized = 'no';
    const { look, told } = watched(10);
    await lookedAt(-800);
    await look();
    await look();
    expect(told).toEqual(['clock jumped']);
    await lookedAt(0);
    await look();
    expect(told).toEqual(['clock jumped', 'settled: clock jumped']);
  });

  it('says it at once where nothing is to keep the clock right, but to the status only', async () => {
    answers = { NTP: 'no', NTPSynchronized: 'no' };
    const { tellIfLoose, told } = watched(60);
    await tellIfLoose();
    expect(told).toEqual(['clock not synchronised']);
    const notices = createNoticeMaker('station', () => new Date());
    const warning = { about: 'clock', reason: 'r', todo: 't' } as const;
    expect(notices.take('warning:raised', { ...warning, isUsual: true })).toEqual([]);
    expect(notices.take('warning:raised', { ...warning, isUsual: false })).toHaveLength(1);
  });

  it('tells once that nothing keeps the clock right, but not just after the start', async () => {
    answers.NTPSynchronized = 'no';
    const early = watched(60);
    await early.tellIfLoose();
    expect(early.told).toEqual([]);
    const { tellIfLoose, told } = watched();
    await tellIfLoose();
    await tellIfLoose();
    isSilent = true;
    await tellIfLoose();
    isSilent = false;
    answers.NTPSynchronized = 'yes';
    await tellIfLoose();
    expect(told).toEqual(['clock not synchronised', 'settled: clock not synchronised']);
  });
});

describe('the question about the clock', () => {
  it('is asked once where several ask at the begin of a run, and again when there was no answer', async () => {
    isSilent = true;
    await askClockService(start);
    isSilent = false;
    const [, reading] = await Promise.all([askClockService(start), readClocks(start)]);
    expect(reading.isSynchronised).toBe(true);
    expect(asked).toBe(2);
  });

  it('is asked again when the answer is old, or when somebody waits for another one', async () => {
    await askClockService(start);
    await askClockService(start);
    expect(asked).toBe(2);
    const now = vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 31_000);
    await readClocks(start);
    expect(asked).toBe(3);
    now.mockRestore();
  });
});

describe('waiting for the clock', () => {
  const waits = async (seconds: number): Promise<number> => {
    let count = 0;
    const wait = () => {
      count += 1;
      return Promise.resolve();
    };
    await awaitClock(start, new AbortController().signal, { seconds: () => seconds, wait });
    return count;
  };

  it.each([
    ['ends after a minute', 20, 'yes', 'no', 30],
    ['is not needed where it is right', 20, 'yes', 'yes', 0],
    ['is in vain where nothing sets it', 20, 'no', 'no', 0],
    ['is over some minutes after the start', 400, 'yes', 'no', 0],
  ])('%s', async (_what, seconds, NTP, NTPSynchronized, count) => {
    answers = { NTP, NTPSynchronized };
    expect(await waits(seconds)).toBe(count);
  });
});

describe('the check of the clock', () => {
  it.each([
    ['one that is synchronised', 0, 'yes', 'ok', 'is synchronised'],
    ['one that is not', 0, 'no', 'warn', 'is not synchronised'],
    ['one that is far ahead', -800, 'no', 'warn', 'ahead of'],
    ['one that is behind', 30, 'no', 'warn', 'behind'],
  ])('%s', async (_what, days, synchronised, verdict, words) => {
    answers.NTPSynchronized = synchronised;
    await lookedAt(days);
    const found = await clockCheck.check({ paths, start, now: new Date(), fix: false });
    expect(found.verdict).toBe(verdict);
    expect(found.happened).toContain(words);
  });
});
