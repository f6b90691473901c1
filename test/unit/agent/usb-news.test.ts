import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createUsbNews, type UsbWatch } from '../../../src/agent/usb-news.ts';
import { createBus, type Bus } from '../../../src/bus/bus.ts';
import type { EventMap } from '../../../src/bus/events.ts';
import { driveRecordSchema } from '../../../src/records/drive-record.ts';
import type { Volume } from '../../../src/disk/volumes.ts';
import type { StartProgram } from '../../../src/system/command.ts';
import { defaultPaths, type Paths } from '../../../src/system/paths.ts';

let paths: Paths;
let bus: Bus;
let told: EventMap['drive:ignored'][];
let settled: string[];
let published: number;
let volumes: Volume[];
const errors: unknown[] = [];
const record = driveRecordSchema.parse({
  label: 'BACKUP_1',
  luksUuid: 'u1',
  sealedId: '3f2504e0-4f89-41d3-9a0c-0305e82c3301',
  generation: 1,
  enrolledAt: '2026-01-01T00:00:00Z',
  serial: 'S1',
});
const blank = { kname: 'sdb', path: '/dev/null', type: 'disk', size: 1e9, tran: 'usb' };
const start: StartProgram = () =>
  Promise.resolve({ exitCode: 0, stdout: JSON.stringify({ blockdevices: [blank] }), stderr: '' });

beforeEach(async () => {
  const top = await mkdtemp(join(tmpdir(), 'usb-news-'));
  paths = { ...defaultPaths, run: join(top, 'run'), state: join(top, 'state') };
  await mkdir(paths.run);
  await mkdir(paths.state);
  [told, settled, published, volumes] = [[], [], 0, []];
});
afterEach(() => rm(join(paths.run, '..'), { recursive: true }));

/** Another agent on the same machine. */
function startAgent(): UsbWatch {
  bus = createBus((_name, error) => {
    errors.push(error);
  });
  bus.on('drive:ignored', (event) => void told.push(event));
  bus.on('warning:settled', ({ topic }) => void settled.push(topic));
  return createUsbNews({
    ...{ bus, start, paths },
    findVolumes: () => Promise.resolve(volumes),
    drives: () => Promise.resolve([record]),
    refresh: () => undefined,
    running: () => false,
    publish: () => {
      published += 1;
    },
    onError: (error) => errors.push(error),
    sysfs: {
      disksOf: () => Promise.resolve(['sdb']),
      deviceOf: () => Promise.resolve('2-1'),
      numberOf: () => Promise.resolve('7'),
      serialOf: () => Promise.resolve('S1'),
    },
  });
}
const until = async (isSo: () => boolean): Promise<void> => {
  for (const end = Date.now() + 5_000; !isSo() && Date.now() < end;) await new Promise((go) => setTimeout(go, 5));
  expect(errors).toEqual([]);
  expect(isSo()).toBe(true);
};

it('a disk is noticed at once, then named by its serial number, until it is judged', async () => {
  const usb = startAgent();
  usb.onConnect('2-1', 'S1');
  expect(usb.noticed()).toMatchObject([{ usbSerial: 'S1', drive: null }]);
  expect(published).toBe(1);
  await until(() => usb.noticed()[0]?.drive === 'BACKUP_1');
  usb.onUp('2-1', 'S1');
  await until(() => told.length === 1);
  expect(told[0]).toMatchObject({ reason: 'no-luks', drive: 'BACKUP_1', device: 'sdb' });
  expect(usb.noticed()).toEqual([]);
});

it('a disk that is identified or unplugged is not called starting any more', async () => {
  const usb = startAgent();
  usb.onConnect('2-1', 'S1');
  bus.emit('drive:identified', { diskseq: 1, device: 'sdb1', luksUuid: 'u1', drive: 'BACKUP_1' });
  await until(() => usb.noticed().length === 0 && settled.length === 1);
  expect(settled).toEqual(['disk usbSerial S1']); // a warning that it did not come up is over
  usb.onConnect('2-2', undefined);
  usb.onDisconnect('2-2', undefined);
  expect(usb.noticed()).toEqual([]);
});

it('the case and the port of an identified disk are remembered, and name it when it is blocked', async () => {
  const usb = startAgent();
  bus.emit('drive:identified', { diskseq: 1, device: 'sdb1', luksUuid: 'u1', drive: 'BACKUP_1' });
  await until(() => settled.length === 1);
  usb.onNotAuthorized('2-1', undefined);
  await until(() => told.length === 1);
  expect(told[0]).toMatchObject({ reason: 'not-authorized', drive: 'BACKUP_1' });
});

it('after a restart of the agent the same is shown, and not told again; another attach is', async () => {
  startAgent().onNoBlockDevice('2-1', 'S1');
  await until(() => told.length === 1);
  startAgent().onNoBlockDevice('2-1', 'S1');
  await until(() => told.length === 2);
  startAgent().onNoBlockDevice('2-2', 'S1');
  await until(() => told.length === 3);
  expect(told.map(({ toldBefore }) => toldBefore)).toEqual([undefined, true, undefined]);
});

it('a disk that came up with a LUKS volume is judged elsewhere', async () => {
  const usb = startAgent();
  usb.onConnect('2-1', 'S1');
  volumes = [{ luksUuid: 'u2', device: '/dev/sdb1', kname: 'sdb1', disk: 'sdb', diskseq: 1, usb: true }];
  usb.onUp('2-1', 'S1');
  await until(() => usb.noticed().length === 0);
  expect(told).toEqual([]);
});
