import { beforeEach, expect, it } from 'vitest';
import { createBus, type Bus } from '../../../src/bus/bus.ts';
import { watchWarnings, type Warnings } from '../../../src/agent/warnings.ts';

let bus: Bus;
let warnings: Warnings;
let clock: number;
const texts = (): string[] => warnings.list().map(({ text }) => text);
const run = { runId: 'r', drive: 'BACKUP_1' };

beforeEach(() => {
  bus = createBus((_event, error) => {
    throw error;
  });
  clock = Date.UTC(2026, 2, 1);
  warnings = watchWarnings(bus, () => new Date((clock += 1_000)));
});

it('settings that are right again are no longer called wrong', () => {
  bus.emit('warning:raised', {
    about: 'settings',
    reason: 'The settings have a problem:\n  line 1',
    todo: 'Correct them.',
    topic: 'settings',
  });
  bus.emit('warning:raised', {
    about: 'settings',
    reason: 'The settings have a problem:\n  line 2',
    todo: 'Correct them.',
    topic: 'settings',
  });
  bus.emit('warning:raised', { about: 'station', reason: 'No space.', todo: 'See: df' });
  expect(texts()).toEqual(['The settings have a problem:\n  line 2\nCorrect them.', 'No space. See: df']);
  bus.emit('warning:settled', { topic: 'settings' });
  expect(texts()).toEqual(['No space. See: df']);
});

it('what a run warned of counts until the next run of that disk', () => {
  bus.emit('run:warned', { ...run, about: 'damage', reason: 'One file is damaged.', todo: 'Look.' });
  bus.emit('run:warned', { ...run, about: 'damage', drive: 'BACKUP_2', reason: 'Slow.', todo: 'Look.' });
  bus.emit('run:started', { ...run, trigger: 'plug' });
  expect(texts()).toEqual(['Slow. Look.']);
});

it('what is told again stands there once, with its last time; ten are kept', () => {
  for (let index = 0; index < 12; index += 1)
    bus.emit('warning:raised', { about: 'station', reason: `Trouble ${index}.`, todo: 'Look.' });
  bus.emit('warning:raised', { about: 'station', reason: 'Trouble 5.', todo: 'Look.' });
  expect(texts()).toHaveLength(10);
  expect(warnings.list().at(-1)).toEqual({ at: '2026-03-01T00:00:13.000Z', text: 'Trouble 5. Look.' });
  expect(new Set(texts()).size).toBe(10);
});

it('a disk that was only just prepared is no reason to warn', () => {
  bus.emit('drive:ignored', { reason: 'just-prepared', happened: 'New.', todo: '' });
  bus.emit('drive:ignored', { reason: 'not-enrolled', happened: 'A foreign disk.', todo: 'Take it out.' });
  expect(texts()).toEqual(['A foreign disk. Take it out.']);
});

const stranger = { device: 'sdb1', luksUuid: 'u', diskseq: 7 };
const strange = () => {
  bus.emit('drive:ignored', { ...stranger, reason: 'not-enrolled', happened: 'A foreign disk.', todo: 'Enrol it.' });
};
const noDevice = (usbSerial?: string) => {
  const serial = usbSerial === undefined ? {} : { usbSerial };
  bus.emit('drive:ignored', { ...serial, reason: 'no-block-device', happened: 'It did not come up.', todo: 'Look.' });
};

it.each<[string, () => void, () => void]>([
  [
    'a disk that was enrolled',
    strange,
    () => {
      bus.emit('drive:identified', { ...stranger, drive: 'BACKUP_3' });
    },
  ],
  [
    'a disk that was taken out',
    strange,
    () => {
      bus.emit('drive:removed', { device: 'sdb1' });
    },
  ],
  [
    'a disk that came up at last',
    () => {
      noDevice('WD9');
    },
    () => {
      bus.emit('drive:attached', { source: 'usb', usbSerial: 'WD9' });
    },
  ],
  [
    'a disk without a device that was taken out',
    () => {
      noDevice('WD9');
    },
    () => {
      bus.emit('drive:removed', { usbSerial: 'WD9' });
    },
  ],
])('a warning goes with its subject: %s', (_what, begin, end) => {
  begin();
  expect(texts()).toHaveLength(1);
  bus.emit('drive:removed', { device: 'sdz1', usbSerial: 'OTHER' });
  bus.emit('drive:identified', { device: 'sdy1', luksUuid: 'other', diskseq: 8, drive: 'BACKUP_2' });
  expect(texts()).toHaveLength(1);
  end();
  expect(texts()).toEqual([]);
});

it('tells which warnings are about a plugged disk that is not used, if the disk can be told from others', () => {
  strange();
  noDevice();
  bus.emit('warning:raised', { about: 'station', reason: 'The clock.', todo: 'Set it.' });
  expect(warnings.list().map(({ unused, why }) => [unused, why])).toEqual([
    [true, 'not-enrolled'],
    [undefined, undefined],
    [undefined, undefined],
  ]);
});

it('a disk that a person forgot is no longer warned of when it is closed', () => {
  bus.emit('warning:raised', { about: 'station', reason: 'Open for long.', todo: 'Close it.', topic: 'open BACKUP_1' });
  bus.emit('drive:closed', { drive: 'BACKUP_1' });
  expect(texts()).toEqual([]);
});
