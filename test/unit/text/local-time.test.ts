import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { localDay, localTime, zonedTime, zoneName } from '../../../src/text/local-time.ts';

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
  expect(zonedTime(at)).toBe(`${shown} ${zone}`);
  expect(localDay(at)).toBe(shown.slice(0, 10));
});

it('is what people are shown: no message cuts a time out of ISO 8601', () => {
  const cut = /slice\(0, 1[69]\)\.replace\('T', ' '\)/;
  expect(`at.toISOString().slice(0, 16).replace('T', ' ')`).toMatch(cut);
  const src = join(import.meta.dirname, '../../../src');
  const sources = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  expect(sources.length).toBeGreaterThan(200);
  expect(sources.filter((name) => cut.test(readFileSync(join(src, name), 'utf8')))).toEqual([]);
});
