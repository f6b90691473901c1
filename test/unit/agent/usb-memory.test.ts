import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createToldUsb } from '../../../src/agent/told-usb.ts';
import { createUsbSightings } from '../../../src/records/usb-sightings.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'usb-memory-'));
});
afterEach(() => rm(directory, { recursive: true }));

const ports = ['2-1', '2-2', '2-3', '2-4'];
const never = (error: unknown): void => {
  throw error;
};

it('what is told of several devices at once is not told again by the next agent', async () => {
  const file = join(directory, 'told.json');
  const [first, next] = [createToldUsb(file, never), createToldUsb(file, never)];
  const tell = (told: typeof first) => Promise.all(ports.map((port) => told.isNew(`${port} 5`, 'unknown disk')));
  expect(await tell(first)).toEqual([true, true, true, true]);
  expect(await tell(next)).toEqual([false, false, false, false]);
  expect(await next.isNew('2-1 6', 'unknown disk')).toBe(true); // plugged in again
});

it('the ports of several disks at once are all remembered', async () => {
  const file = join(directory, 'sightings.json');
  const sightings = createUsbSightings(file);
  await Promise.all(ports.map((port) => sightings.note(`uuid of ${port}`, { port, usbSerial: null })));
  expect([...(await createUsbSightings(file).list()).values()].map(({ port }) => port).sort()).toEqual(ports);
});
