import type { Bus } from '../bus/bus.ts';
import { listBlockDevices } from '../disk/block-devices.ts';
import { findVolumes } from '../disk/volumes.ts';
import { disksOf } from '../disk/usb-sysfs.ts';
import type { DriveRecord } from '../records/drive-record.ts';
import type { StartProgram } from '../system/command.ts';
import type { UsbNews } from '../triggers/usb-listener.ts';
import { files, type Paths } from '../system/paths.ts';
import { foreignDisk } from './foreign-disk.ts';
import { isTaken } from './surroundings.ts';

/** The parts of the agent that USB news use. */
export interface UsbNewsParts {
  readonly bus: Bus;
  readonly start: StartProgram;
  readonly drives: () => Promise<readonly DriveRecord[]>;
  readonly refresh: () => void;
  readonly paths: Paths;
  /** Whether a run is in progress. */
  readonly running: () => boolean;
  readonly onError: (error: unknown) => void;
}

/** Emits events for USB news that udev does not have. */
export function createUsbNews(parts: UsbNewsParts): UsbNews {
  const { bus, refresh, onError } = parts;
  return {
    onConnect: (_port, usbSerial) => {
      bus.emit('drive:attached', { source: 'usb', ...(usbSerial !== undefined && { usbSerial }) });
    },
    onDisconnect: (_port, usbSerial) => {
      bus.emit('drive:removed', { ...(usbSerial !== undefined && { usbSerial }) });
      refresh();
    },
    onNoBlockDevice: (_port, usbSerial) => {
      const which = usbSerial === undefined ? 'A USB disk' : `The USB disk with serial number ${usbSerial}`;
      bus.emit('drive:ignored', {
        reason: 'no-block-device',
        ...(usbSerial !== undefined && { usbSerial }),
        happened: `${which} was connected but did not come up.`,
        todo: 'Check its cable and its power, and plug it in again, best at another port.',
      });
    },
    onUp: (port, usbSerial) => {
      tellForeign(parts, port, usbSerial).catch(onError);
    },
  };
}

async function tellForeign(
  { bus, start, drives, paths, running }: UsbNewsParts,
  port: string,
  usbSerial: string | undefined,
): Promise<void> {
  const names = await disksOf(port);
  const disks = (await listBlockDevices(start)).filter(({ kname }) => names.includes(kname));
  const plugged = new Set((await findVolumes(start)).map(({ luksUuid }) => luksUuid));
  const news = foreignDisk(disks, await drives(), plugged, usbSerial);
  if (news === undefined) return;
  const isBeingPrepared = !running() && (await isTaken(files.deviceLock(paths))); // held by a command: a run excludes it itself
  if (!isBeingPrepared) bus.emit('drive:ignored', news);
}
