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
    reason: 'The settings have a problem:\n  line 1',
    todo: 'Correct them.',
    topic: 'settings',
  });
  bus.emit('warning:raised', {
    reason: 'The settings have a problem:\n  line 2',
    todo: 'Correct them.',
    topic: 'settings',
  });
  bus.emit('warning:raised', { reason: 'No space.', todo: 'See: df' });
  expect(texts()).toEqual(['The settings have a problem:\n  line 2\nCorrect them.', 'No space. See: df']);
  bus.emit('warning:settled', { topic: 'settings' });
  expect(texts()).toEqual(['No space. See: df']);
});

it('what a run warned of counts until the next run of that disk', () => {
  bus.emit('run:warned', { ...run, reason: 'One file is damaged.', todo: 'Look.' });
  bus.emit('run:warned', { ...run, drive: 'BACKUP_2', reason: 'Slow.', todo: 'Look.' });
  bus.emit('run:started', { ...run, trigger: 'plug' });
  expect(texts()).toEqual(['Slow. Look.']);
});

it('what is told again stands there once, with its last time; ten are kept', () => {
  for (let index = 0; index < 12; index += 1)
    bus.emit('warning:raised', { reason: `Trouble ${index}.`, todo: 'Look.' });
  bus.emit('warning:raised', { reason: 'Trouble 5.', todo: 'Look.' });
  expect(texts()).toHaveLength(10);
  expect(warnings.list().at(-1)).toEqual({ at: '2026-03-01T00:00:13.000Z', text: 'Trouble 5. Look.' });
  expect(new Set(texts()).size).toBe(10);
});

it('a disk that was only just prepared is no reason to warn', () => {
  bus.emit('drive:ignored', { reason: 'just-prepared', happened: 'New.', todo: '' });
  bus.emit('drive:ignored', { reason: 'not-enrolled', happened: 'A foreign disk.', todo: 'Take it out.' });
  expect(texts()).toEqual(['A foreign disk. Take it out.']);
});
