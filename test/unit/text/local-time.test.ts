import { afterEach, expect, it } from 'vitest';
import { localTime, zoneName } from '../../../src/text/local-time.ts';

const before = process.env['TZ'];
afterEach(() => {
  if (before === undefined) delete process.env['TZ'];
  else process.env['TZ'] = before;
});

it.each([
  ['UTC', '2026-07-01T12:03:04Z', '2026-07-01 12:03'],
  ['Europe/Berlin', '2026-07-01T22:03:04Z', '2026-07-02 00:03'],
  ['Europe/Berlin', '2026-12-31T22:03:04Z', '2026-12-31 23:03'],
  ['America/New_York', '2026-01-01T03:03:04Z', '2025-12-31 22:03'],
])('in %s, %s is %s', (zone, at, shown) => {
  process.env['TZ'] = zone;
  expect(localTime(new Date(at))).toBe(shown);
  expect(localTime(new Date(at), 'second')).toBe(`${shown}:04`);
  expect(zoneName()).toBe(zone);
});
