import { readFile } from 'node:fs/promises';
import type { Bus } from '../bus/bus.ts';
import { parkByUnit } from '../disk/park-by-unit.ts';
import { holdsOf } from '../disk/holds.ts';
import { isRotating, usbDeviceOf } from '../disk/park.ts';
import { disksOf } from '../disk/usb-sysfs.ts';
import { mappingPrefix } from '../disk/luks.ts';
import { messageOf } from '../errors.ts';
import type { Parking } from '../run/park-after-run.ts';
import type { StartProgram } from '../system/command.ts';
import type { Paths } from '../system/paths.ts';
import type { AttachBoard } from './attach-board.ts';

/** The parts of the agent that parking uses. */
interface ParkingParts {
  readonly start: StartProgram;
  readonly paths: Paths;
  readonly bus: Bus;
}

/** Parks the disks of runs by a unit of its own. */
export function createParking({ start, paths, bus }: ParkingParts, board: AttachBoard): Parking {
  return {
    isOnUsb: async (disk) => (await usbDeviceOf(disk)) !== undefined,
    isRotating: (disk) => isRotating(disk),
    park: async (drive, disk, how) => {
      try {
        const usb = await usbDeviceOf(disk);
        if (usb === undefined) return 'gone';
        if ((await usesOf(disk)).length > 0) return 'in-use';
        const powerOff = how === 'power-off' && (await isAlone(disk, usb));
        if (powerOff) board.expectPowerOff(drive, true);
        const outcome = await parkByUnit(start, paths.run, usb, { disk, powerOff });
        if (outcome !== 'powered-off') board.expectPowerOff(drive, false);
        const attach = board.find(drive);
        if (attach && outcome === 'parked') attach.parked = true;
        return outcome;
      } catch (error) {
        board.expectPowerOff(drive, false);
        bus.emit('warning:raised', {
          about: 'park',
          reason: `Disk ${drive} could not be parked: ${messageOf(error)}`,
          todo: 'See: extbackup doctor',
          isUsual: true,
        });
        return 'failed';
      }
    },
  };
}

/** What holds a whole disk, whoever opened it. */
const usesOf = (disk: string): Promise<string[]> => holdsOf(disk, `${mappingPrefix}none`);

/** Whether the USB device has no other disk, such as a dock for two; an empty card reader does not count. */
async function isAlone(disk: string, usb: string): Promise<boolean> {
  const isPartOf = new RegExp(`^${disk}p?\\d+$`);
  const others = (await disksOf(usb)).filter((kname) => kname !== disk && !isPartOf.test(kname));
  const sizes = await Promise.all(
    others.map((kname) => readFile(`/sys/class/block/${kname}/size`, 'utf8').catch(() => '0')),
  );
  return sizes.every((size) => Number(size) === 0);
}
