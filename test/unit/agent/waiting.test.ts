import { expect, it } from 'vitest';
import { AttachBoard, goesOn, type Attach } from '../../../src/agent/attach-board.ts';
import {
  askServer,
  isDue,
  nextDueIn,
  waitForDevice,
  waitForServer,
  waitWhileHeld,
} from '../../../src/agent/waiting.ts';
import { createBus } from '../../../src/bus/bus.ts';
import { waitsForServer } from '../../../src/rsync/failure.ts';
import { disk, enrolled } from './an-agent.ts';
import { deferred } from './deferred.ts';

const away = 'The server could not be reached.';
const plugged = (): Attach => ({
  volume: disk('sda', 1),
  drive: 'BACKUP_1',
  enrolment: '',
  state: 'running',
  message: null,
});

it('looks for the server after a minute, then each time after twice as long, at most after ten minutes', () => {
  const attach = plugged();
  const pauses: number[] = [];
  for (let now = 0, round = 0; round < 7; round += 1, now = attach.againAt ?? 0) {
    waitForServer(attach, away, now);
    pauses.push((nextDueIn([attach], now) ?? 0) / 60_000);
    expect(isDue(attach, (attach.againAt ?? 0) - 1)).toBe(false);
    expect(isDue(attach, attach.againAt)).toBe(true);
  }
  expect(pauses).toEqual([1, 2, 4, 8, 10, 10, 10]);
});

it('invites nobody to take out a disk that goes on by itself', () => {
  const attach = plugged();
  waitForServer(attach, away);
  expect(attach.message).toMatch(/^The server could not be reached\. Leave it plugged in: it goes on by itself/);
  expect(attach.message).not.toMatch(/safe to unplug|take it out/i);
  const board = new AttachBoard();
  board.put(attach);
  expect(board.describe([enrolled], new Map())[0]).toMatchObject({ state: 'waiting-for-server', goesOn: true });
  attach.state = 'safe-to-unplug';
  expect(board.describe([enrolled], new Map())[0]?.goesOn).toBeUndefined();
  expect(goesOn({ ...attach, state: 'failed', code: 'EXB_BUSY' })).toBe(true); // it is tried again
  expect(goesOn({ ...attach, state: 'failed', code: 'EXB_LOGIN' })).toBe(false);
});

it('looks once at a time, waits longer without an answer, and has its run with one', async () => {
  const attach = plugged();
  waitForServer(attach, away);
  attach.againAt = 0;
  for (const isBack of [false, true]) {
    const [answer, end] = [deferred(), deferred()];
    askServer(attach, () => answer.promise.then(() => isBack), end.resolve);
    expect([isDue(attach), nextDueIn([attach])]).toEqual([false, undefined]);
    answer.resolve();
    await end.promise;
    expect(attach.state).toBe(isBack ? 'new' : 'waiting-for-server');
  }
  expect(attach.waitedMs).toBe(120_000);
});

it('a held disk whose other source waits for its server stays held until that answers, and then has its run', async () => {
  const attach = plugged();
  waitWhileHeld(attach, 'held: office: many files changed. photos: away.');
  expect(attach.message).toMatch(/^held: .* away\. Leave it plugged in: the sources whose server was away go on/);
  expect(goesOn(attach)).toBe(true);
  for (const isBack of [false, true]) {
    attach.againAt = 0;
    expect(isDue(attach)).toBe(true);
    const end = deferred();
    askServer(attach, () => Promise.resolve(isBack), end.resolve);
    await end.promise;
    expect(attach.state).toBe(isBack ? 'new' : 'held');
  }
  expect(attach.message).toContain('office: many files changed'); // "the server does not answer" would hide the hold
  const board = new AttachBoard();
  board.put(attach);
  board.set('BACKUP_1', 'held', 'held: office.'); // its run ended, and every server answered
  expect([isDue(attach), nextDueIn([attach]), goesOn(attach)]).toEqual([false, undefined, false]);
});

it('an answer changes nothing of a disk that has its run already', async () => {
  const attach = plugged();
  waitForServer(attach, away);
  const answer = deferred();
  askServer(
    attach,
    () => answer.promise.then(() => true),
    () => expect.unreachable(),
  );
  attach.state = 'running';
  answer.resolve();
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(attach.state).toBe('running');
});

it('tells each reason why a disk has to wait once, and none that is over soon', () => {
  const bus = createBus((_name, error) => {
    throw error;
  });
  const told: string[] = [];
  bus.on('drive:waiting', ({ reason }) => {
    told.push(reason);
  });
  const attach = plugged();
  const wait = (reason: string, seconds: number): void => {
    waitForDevice(attach, reason, bus, seconds * 1_000);
  };
  wait('Verify.', 0);
  wait('Verify.', 29);
  expect(told).toEqual([]);
  for (let seconds = 31; seconds < 4 * 3_600; seconds += 15) wait('Verify.', seconds);
  wait('Root.', 15_000);
  wait('Verify.', 15_001);
  expect(told).toEqual(['Verify.', 'Root.']);
  expect(attach.message).toContain('Leave it plugged in');
  attach.state = 'new'; // it began, and has to wait again
  wait('Another.', 15_010);
  expect(told).toHaveLength(2);
});

it('waits only for what comes back by itself', () => {
  expect(['EXB_NETWORK', 'EXB_STALLED', 'EXB_LOGIN', 'EXB_DISK_FULL', null].map(waitsForServer)).toEqual([
    true,
    false,
    false,
    false,
    false,
  ]);
});
