import { afterAll, beforeAll } from 'vitest';
import type { Lab } from '../lab.ts';
import type { UsbDisk } from '../usb-disk.ts';
import { openLab } from '../lab.ts';
import { preparedStation } from '../station.ts';

/** A lab with a station that is set up, a server that serves /backups, and disks that are enrolled and lie in the drawer. */
export interface Station extends Lab {
  /** The disk with the first label. Throws without labels. */
  readonly disk: UsbDisk;
}

/**
 * Opens the station before the first test of a file, or of a `describe`, and deletes it after the last one.
 * It starts from a saved state, with the latest package of `npm run package`.
 * @param labels of the disks in the drawer, in that order
 */
export const useStation = (...labels: string[]): Station => useStationWith([], ...labels);

/** The same for a machine with further devices. @param devices arguments of QEMU */
export function useStationWith(devices: readonly string[], ...labels: string[]): Station {
  let opened: Lab | undefined;
  const lab = (): Lab => {
    if (!opened) throw new Error('The station is open only inside of tests and hooks.');
    return opened;
  };
  beforeAll(async () => {
    opened = await openLab(await preparedStation(...labels), { devices });
  });
  afterAll(() => opened?.close());
  return {
    get guest() {
      return lab().guest;
    },
    get server() {
      return lab().server;
    },
    get drawer() {
      return lab().drawer;
    },
    get disk() {
      const [disk] = lab().drawer;
      if (!disk) throw new Error('No disk was asked for.');
      return disk;
    },
    newDisk: (options) => lab().newDisk(options),
    close: () => lab().close(),
  };
}
