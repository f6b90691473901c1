import { pino } from 'pino';
import { expect, it } from 'vitest';
import { logEvents } from '../../../src/agent/journal.ts';
import { createBus } from '../../../src/bus/bus.ts';

it('writes an event as one line with its fields, and a report without its whole text', () => {
  const lines: string[] = [];
  const bus = createBus(() => undefined);
  logEvents(bus, pino({ base: null, timestamp: false }, { write: (line: string) => lines.push(line) }));
  bus.emit('report:made', { freshest: { drive: 'BACKUP_1', ageSeconds: 60 }, text: 'All is well.\n'.repeat(200) });
  bus.emit('warning:settled', { topic: 'clock' });
  expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
    { level: 30, event: 'report:made', freshest: { drive: 'BACKUP_1', ageSeconds: 60 } },
    { level: 30, event: 'warning:settled', topic: 'clock' },
  ]);
});
