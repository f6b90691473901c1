import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createServiceStatus, describeService, type ServiceStatus } from '../../../src/agent/service-status.ts';

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
  status.say('BACKUP_1: plugged in');
  vi.advanceTimersByTime(120_000);
  expect(sent).toEqual(['--status=BACKUP_1: plugged in']);
});

test('a run of less than a minute on a disk that stays plugged in takes none', () => {
  status.say('BACKUP_1: plugged in');
  vi.advanceTimersByTime(60_000);
  for (const text of ['BACKUP_1: queued', 'BACKUP_1: opening LUKS', 'BACKUP_1: plugged in']) status.say(text);
  vi.advanceTimersByTime(120_000);
  expect(sent).toEqual(['--status=BACKUP_1: plugged in']);
});

test('no disk is called safe by a line that comes late', () => {
  const drives = [
    { label: 'BACKUP_1', present: true, state: 'safe-to-unplug' },
    { label: 'BACKUP_2', present: true, state: 'do-not-unplug' },
  ];
  const status = { run: null, drives, key: 'loaded' } as unknown as Parameters<typeof describeService>[0];
  expect(describeService(status)).toBe('BACKUP_1: plugged in, BACKUP_2: do-not-unplug');
});

test('without a service manager nothing is started', () => {
  const alone = createServiceStatus(() => Promise.reject(new Error('started')), undefined);
  alone.say('BACKUP_1: safe-to-unplug');
  alone.say('BACKUP_1: queued');
  vi.advanceTimersByTime(60_000);
  expect(sent).toEqual([]);
});
