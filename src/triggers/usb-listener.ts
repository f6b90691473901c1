import { shownText } from '../text/shown-name.ts';
import { disksOf, isAuthorized, isMassStorage, sysfsName, usbDevices, usbSerialOf } from '../disk/usb-sysfs.ts';
import type { Stop } from './spool.ts';
import { tryToListen, usb as usbLibrary, type UsbEvent, type UsbEvents } from './usb-library.ts';

/** News that udev's block events do not contain. None of these may throw. */
export interface UsbNews {
  /** A USB disk was connected; its block device comes later, or never. */
  onConnect(port: string, serial: string | undefined): void;
  onDisconnect(port: string, serial: string | undefined): void;
  /** It has no block device after the expected time: a bad cable, or too little power. */
  onNoBlockDevice(port: string, serial: string | undefined): void;
  /** The USB policy of this machine still blocks it after the expected time. */
  onNotAuthorized(port: string, serial: string | undefined): void;
  /** It has a block device after the expected time. */
  onUp(port: string, serial: string | undefined): void;
}

/** The machine's USB; replaced in tests. */
export interface UsbMachine {
  readonly usb: UsbEvents;
  readonly tryIt: () => Promise<void>;
  /** Names of the USB disks that are plugged in. */
  readonly present: () => Promise<readonly string[]>;
}

const thisMachine: UsbMachine = {
  usb: usbLibrary,
  tryIt: tryToListen,
  present: async () => {
    const names = await usbDevices();
    const areDisks = await Promise.all(names.map((name) => isMassStorage(name, 0)));
    return names.filter((_name, index) => areDisks[index]);
  },
};

/**
 * Listens to USB hot-plug, and looks at the disks that are plugged in already.
 * @param warnAfterMs time until the block device of a disk must exist
 * @throws if this machine has no USB events
 */
export async function listenToUsb(
  news: UsbNews,
  warnAfterMs: () => number,
  { usb, tryIt, present }: UsbMachine = thisMachine,
): Promise<Stop> {
  await tryIt();
  const waiting = new Map<string, NodeJS.Timeout>();
  const lookLater = (port: string, serial: string | undefined): void => {
    clearTimeout(waiting.get(port));
    waiting.set(
      port,
      setTimeout(() => {
        waiting.delete(port);
        void tellWhetherUp(port, serial, news);
      }, warnAfterMs()),
    );
  };
  const connected = (event: UsbEvent): void => {
    const { port, serial } = describe(event);
    void (async () => {
      if (!(await isMassStorage(port))) return;
      news.onConnect(port, serial);
      lookLater(port, serial);
    })();
  };
  const disconnected = (event: UsbEvent): void => {
    const { port, serial } = describe(event);
    clearTimeout(waiting.get(port));
    waiting.delete(port);
    news.onDisconnect(port, serial);
  };
  usb.addEventListener('connect', connected);
  usb.addEventListener('disconnect', disconnected);
  for (const port of await present()) if (!waiting.has(port)) lookLater(port, shownSerial(await usbSerialOf(port)));
  return () => {
    usb.removeEventListener('connect', connected);
    usb.removeEventListener('disconnect', disconnected);
    for (const timer of waiting.values()) clearTimeout(timer);
    return Promise.resolve();
  };
}

async function tellWhetherUp(port: string, serial: string | undefined, news: UsbNews): Promise<void> {
  if (!(await isMassStorage(port))) return; // unplugged again
  if (!(await isAuthorized(port))) news.onNotAuthorized(port, serial);
  else if ((await disksOf(port)).length > 0) news.onUp(port, serial);
  else news.onNoBlockDevice(port, serial);
}

/** A device chooses its own text, which is shown on terminals and in mail. */
const longestSerial = 64;

const shownSerial = (serial: string | null | undefined): string | undefined =>
  serial == null ? undefined : shownText(serial.slice(0, longestSerial));

function describe({ device }: UsbEvent): { port: string; serial: string | undefined } {
  return { port: sysfsName(Number(device.bus), device.ports), serial: shownSerial(device.serialNumber) };
}
