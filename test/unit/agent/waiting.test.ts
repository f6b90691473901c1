import { expect, it } from 'vitest';
import type { Attach } from '../../../src/agent/attach-board.ts';
import { isDue, nextDueIn, waitForServer, waitsForServer } from '../../../src/agent/waiting.ts';
import { disk } from './an-agent.ts';

const away = { code: 'EXB_NETWORK', exitCode: 13, happened: 'The server could not be reached.', todo: 'Look.' };
const plugged = (): Attach => ({
  volume: disk('sda', 1),
  drive: 'BACKUP_1',
  enrolment: '',
  state: 'running',
  message: null,
});

it('tries again after a minute, then each time after twice as long, at most after half an hour', () => {
  const attach = plugged();
  const pauses: number[] = [];
  for (let now = 0, round = 0; round < 8; round += 1, now = attach.againAt ?? 0) {
    waitForServer(attach, away, now);
    pauses.push((nextDueIn([attach], now) ?? 0) / 60_000);
    expect(isDue(attach, (attach.againAt ?? 0) - 1)).toBe(false);
    expect(isDue(attach, attach.againAt)).toBe(true);
  }
  expect(pauses).toEqual([1, 2, 4, 8, 16, 30, 30, 30]);
  expect(attach.state).toBe('waiting-for-server');
  expect(attach.message).toContain('safe to unplug');
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
