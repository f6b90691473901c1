import { shownText } from '../text/shown-name.ts';
import { disksOf, isMassStorage, sysfsName } from '../disk/usb-sysfs.ts';
import type { Stop } from './spool.ts';
import { tryToListen, usb as usbLibrary, type UsbEvent, type UsbEvents } from './usb-library.ts';

/** News that udev's block events do not contain. None of these may throw. */
export interface UsbNews {
  /** A USB disk was connected; its block device comes later, or never. */
  onConnect(port: string, serial: string | undefined): void;
  onDisconnect(port: string, serial: string | undefined): void;
  /** It has no block device after the expected time: a bad cable, or too little power. */
  onNoBlockDevice(port: string, serial: string | undefined): void;
  /** It has a block device after the expected time. */
  onUp(port: string, serial: string | undefined): void;
}

/**
 * Listens to USB hot-plug.
 * @param warnAfterMs time until the block device of a disk must exist
 * @throws if this machine has no USB events
 */
export async function listenToUsb(
  news: UsbNews,
  warnAfterMs: () => number,
  { usb, tryIt }: { readonly usb: UsbEvents; readonly tryIt: () => Promise<void> } = {
    usb: usbLibrary,
    tryIt: tryToListen,
  },
): Promise<Stop> {
  await tryIt();
  const waiting = new Map<string, NodeJS.Timeout>();
  const connected = (event: UsbEvent): void => {
    const { port, serial } = describe(event);
    void (async () => {
      if (!(await isMassStorage(port))) return;
      news.onConnect(port, serial);
      clearTimeout(waiting.get(port));
      waiting.set(
        port,
        setTimeout(() => {
          waiting.delete(port);
          void tellWhetherUp(port, serial, news);
        }, warnAfterMs()),
      );
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
  return () => {
    usb.removeEventListener('connect', connected);
    usb.removeEventListener('disconnect', disconnected);
    for (const timer of waiting.values()) clearTimeout(timer);
    return Promise.resolve();
  };
}

async function tellWhetherUp(port: string, serial: string | undefined, news: UsbNews): Promise<void> {
  if (!(await isMassStorage(port))) return; // unplugged again
  if ((await disksOf(port)).length > 0) news.onUp(port, serial);
  else news.onNoBlockDevice(port, serial);
}

/** A device chooses its own text, which is shown on terminals and in mail. */
const longestSerial = 64;

function describe({ device }: UsbEvent): { port: string; serial: string | undefined } {
  const serial = device.serialNumber;
  return {
    port: sysfsName(Number(device.bus), device.ports),
    serial: serial === null ? undefined : shownText(serial.slice(0, longestSerial)),
  };
}
