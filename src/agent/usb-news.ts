import type { Bus } from '../bus/bus.ts';
import type { EventMap } from '../bus/events.ts';
import { listBlockDevices } from '../disk/block-devices.ts';
import { findHiddenLuks } from '../disk/hidden-luks.ts';
import type { LookUpVolumes } from '../disk/volume-lookup.ts';
import { disksOf, usbDeviceOf, usbNumberOf, usbSerialOf } from '../disk/usb-sysfs.ts';
import type { NoticedDisk } from '../protocol/status.ts';
import type { DriveRecord } from '../records/drive-record.ts';
import { createUsbSightings, type UsbSightings } from '../records/usb-sightings.ts';
import type { StartProgram } from '../system/command.ts';
import { coalesce } from '../system/coalesce.ts';
import type { UsbNews } from '../triggers/usb-listener.ts';
import { files, type Paths } from '../system/paths.ts';
import {
  foreignDisk,
  noBlockDevice,
  notAuthorized,
  withoutLuks,
  type KnownDisks,
  type UsbDevice,
} from './foreign-disk.ts';
import { isTaken } from './surroundings.ts';
import { createToldUsb } from './told-usb.ts';
import { usbTopic } from './warnings.ts';
import { whichItMayBe } from './which-disk.ts';

/** The parts of the agent that USB news use. */
export interface UsbNewsParts {
  readonly bus: Bus;
  readonly start: StartProgram;
  readonly findVolumes: LookUpVolumes;
  readonly drives: () => Promise<readonly DriveRecord[]>;
  readonly refresh: () => void;
  readonly paths: Paths;
  /** Whether a run is in progress. */
  readonly running: () => boolean;
  /** Called when a disk was noticed, or has been judged. */
  readonly publish: () => void;
  readonly onError: (error: unknown) => void;
  /** Replaces sysfs, for tests. */
  readonly sysfs?: UsbSysfs;
}

type Report = EventMap['drive:ignored'];
type PluggedDevice = UsbDevice & { readonly port: string };

/** What is asked of sysfs. */
export interface UsbSysfs {
  readonly disksOf: typeof disksOf;
  readonly deviceOf: typeof usbDeviceOf;
  readonly numberOf: typeof usbNumberOf;
  readonly serialOf: typeof usbSerialOf;
}

const realSysfs: UsbSysfs = { disksOf, deviceOf: usbDeviceOf, numberOf: usbNumberOf, serialOf: usbSerialOf };

/** News of USB, and the disks that are noticed and not judged yet. */
export interface UsbWatch extends UsbNews {
  readonly noticed: () => readonly NoticedDisk[];
}

/** Emits events for USB news that udev does not have: noticed, not readable, without a LUKS volume. */
export function createUsbNews(parts: UsbNewsParts): UsbWatch {
  const { bus, refresh, publish, onError, sysfs = realSysfs } = parts;
  const noticed = new Map<string, NoticedDisk>();
  const sightings = createUsbSightings(files.usbSightings(parts.paths));
  const told = createToldUsb(files.toldUsb(parts.paths), onError);
  const settle = (port: string | undefined): void => {
    if (port !== undefined && noticed.delete(port)) publish();
  };
  const known = (): Promise<KnownDisks> => lookUp(parts, sightings);
  const report = (device: PluggedDevice, judge: () => Promise<Report | undefined>): void => {
    (async () => {
      const news = await judge().finally(() => {
        settle(device.port);
      });
      if (news === undefined) return;
      const isNew = await told.isNew(`${device.port} ${(await sysfs.numberOf(device.port)) ?? ''}`, news.happened);
      bus.emit('drive:ignored', { ...news, ...(!isNew && { toldBefore: true }) });
    })().catch(onError);
  };
  const guess = coalesce(async () => {
    nameNoticed(noticed, await known());
    publish();
  }, onError);
  bus.on('drive:ignored', async ({ device }) => {
    settle(device === undefined ? undefined : await sysfs.deviceOf(device));
  });
  bus.on('drive:identified', async ({ device, luksUuid }) => {
    const port = await sysfs.deviceOf(device);
    if (port === undefined) return;
    settle(port);
    const usbSerial = await sysfs.serialOf(port);
    await sightings.note(luksUuid, { port, usbSerial: usbSerial ?? null }).catch(onError);
    if (usbSerial !== undefined) bus.emit('warning:settled', { topic: usbTopic(usbSerial) }); // it came up late
  });
  return {
    noticed: () => [...noticed.values()],
    onConnect: (port, usbSerial) => {
      bus.emit('drive:attached', { source: 'usb', ...serialOf(usbSerial) });
      noticed.set(port, { at: new Date().toISOString(), usbSerial: usbSerial ?? null, drive: null });
      publish();
      guess();
    },
    onDisconnect: (port, usbSerial) => {
      settle(port);
      bus.emit('drive:removed', serialOf(usbSerial));
      refresh();
    },
    onNoBlockDevice: (port, usbSerial) => {
      report({ port, usbSerial }, async () => noBlockDevice({ port, usbSerial }, await known()));
    },
    onNotAuthorized: (port, usbSerial) => {
      report({ port, usbSerial }, async () => notAuthorized({ port, usbSerial }, await known()));
    },
    onUp: (port, usbSerial) => {
      report({ port, usbSerial }, () => judgeForeign(parts, { port, usbSerial }, known));
    },
  };
}

const lookUp = async ({ drives, findVolumes }: UsbNewsParts, sightings: UsbSightings): Promise<KnownDisks> => ({
  records: await drives(),
  plugged: new Set((await findVolumes()).map(({ luksUuid }) => luksUuid)),
  sightings: await sightings.list(),
});

const serialOf = (usbSerial: string | undefined) => (usbSerial === undefined ? {} : { usbSerial });

/** Names disks that are starting up, by their serial number. */
function nameNoticed(noticed: Map<string, NoticedDisk>, { records, plugged, sightings }: KnownDisks): void {
  const absent = records.filter(({ state, luksUuid }) => state !== 'retired' && !plugged.has(luksUuid));
  for (const [port, disk] of noticed) {
    const [first] = whichItMayBe({ usbSerial: disk.usbSerial ?? undefined }, absent, sightings).records;
    if (first) noticed.set(port, { ...disk, drive: first.label });
  }
}

/** undefined for a disk with a LUKS volume, which is judged elsewhere, and for one that is being prepared. */
async function judgeForeign(
  { start, paths, running, findVolumes, sysfs = realSysfs }: UsbNewsParts,
  { port, usbSerial }: PluggedDevice,
  known: () => Promise<KnownDisks>,
): Promise<Report | undefined> {
  const names = await sysfs.disksOf(port);
  if ((await findVolumes()).some(({ disk }) => names.includes(disk))) return undefined;
  const disk = withoutLuks((await listBlockDevices(start)).filter(({ kname }) => names.includes(kname)));
  if (disk === undefined) return undefined;
  if (!running() && (await isTaken(files.deviceLock(paths)))) return undefined; // held by a command: a run excludes it itself
  const hidden = await findHiddenLuks(disk.path);
  return foreignDisk(disk, { hidden, usbSerial, port }, await known());
}
