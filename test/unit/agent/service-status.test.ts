import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createServiceStatus, type ServiceStatus } from '../../../src/agent/service-status.ts';

let sent: string[];
let status: ServiceStatus;

beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  status = createServiceStatus(({ args }) => {
    sent.push(...args);
    return Promise.resolve({ exitCode: 0, stdout: '', stderr: '' });
  }, '/run/systemd/notify');
});
afterEach(() => {
  vi.useRealTimers();
});

test('the phases of a short run take one program, and the last one is told', () => {
  status.say('no disk plugged in');
  for (const phase of ['waking', 'opening', 'copying', 'closing']) {
    status.say(`BACKUP_1: ${phase}`);
    vi.advanceTimersByTime(3_000);
  }
  status.say('BACKUP_1: safe-to-unplug');
  vi.advanceTimersByTime(60_000);
  expect(sent).toEqual(['--status=BACKUP_1: safe-to-unplug']);
});

test('a disk that is not safe to unplug any more is told at once', () => {
  status.say('BACKUP_1: safe-to-unplug');
  vi.advanceTimersByTime(60_000);
  status.say('BACKUP_1: queued');
  status.say('BACKUP_1: opening LUKS');
  expect(sent).toEqual(['--status=BACKUP_1: safe-to-unplug', '--status=BACKUP_1: queued']);
  vi.advanceTimersByTime(60_000);
  expect(sent.at(-1)).toBe('--status=BACKUP_1: opening LUKS');
});

test('one that was safe is told at once, even when another one is safe now', () => {
  status.say('BACKUP_1: safe-to-unplug, BACKUP_2: queued');
  vi.advanceTimersByTime(60_000);
  status.say('BACKUP_1: queued, BACKUP_2: safe-to-unplug');
  expect(sent.at(-1)).toBe('--status=BACKUP_1: queued, BACKUP_2: safe-to-unplug');
});

test('without a service manager nothing is started', () => {
  const alone = createServiceStatus(() => Promise.reject(new Error('started')), undefined);
  alone.say('BACKUP_1: safe-to-unplug');
  alone.say('BACKUP_1: queued');
  vi.advanceTimersByTime(60_000);
  expect(sent).toEqual([]);
});
