import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createLinkSpeeds } from '../../../src/records/link-speeds.ts';

let room: string;
let now = new Date('2026-11-30T12:00:00Z');
beforeEach(() => {
  room = mkdtempSync(join(tmpdir(), 'links-'));
  now = new Date('2026-11-30T12:00:00Z');
});
afterEach(() => {
  rmSync(room, { recursive: true });
});
const open = () => createLinkSpeeds(join(room, 'link-speeds.json'), () => now);

it('each server has its own speed and refusal, and a pull that measured nothing changes neither', async () => {
  await open().note('a@b', { bytesPerSecond: 1000 });
  await open().note('a@c', { refused: true });
  await open().note('a@b', {});
  expect(await open().known('a@b')).toEqual({ bytesPerSecond: 1000, refused: false });
  expect(await open().known('a@c')).toEqual({ refused: true });
  await open().note('a@b', { refused: true });
  expect(await open().known('a@b')).toEqual({ bytesPerSecond: 1000, refused: true });
});

it('what is older than 90 days, or damaged, is unknown', async () => {
  await open().note('a@b', { bytesPerSecond: 1000, refused: true });
  now = new Date('2027-02-27T12:00:00Z');
  expect(await open().known('a@b')).toEqual({ bytesPerSecond: 1000, refused: true });
  now = new Date('2027-03-01T12:00:00Z');
  expect(await open().known('a@b')).toEqual({ refused: false });
  writeFileSync(join(room, 'link-speeds.json'), '{"version":1,');
  expect(await open().known('a@b')).toEqual({ refused: false });
});
