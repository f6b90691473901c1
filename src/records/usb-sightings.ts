import * as z from 'zod';
import { writeAtomically } from '../system/atomic-file.ts';
import { readJson } from '../system/read-json.ts';
import { createTurns } from '../system/turns.ts';

const sightingSchema = z.object({
  /** Name of the port in sysfs, for example 2-1.4. */
  port: z.string(),
  /** Serial number of the USB device, which is the case or the adapter. */
  usbSerial: z.string().nullable(),
});
const sightingsSchema = z.object({ version: z.literal(1), disks: z.record(z.string(), sightingSchema) });

/** Where, and in which case, an enrolled disk was last plugged in. */
export type UsbSighting = z.infer<typeof sightingSchema>;

/**
 * Remembers the USB port and serial number of each enrolled disk, by its LUKS UUID: hints for the day when the disk
 * comes up without its volume. Never a proof, because cases are exchanged.
 */
export interface UsbSightings {
  list(): Promise<ReadonlyMap<string, UsbSighting>>;
  /** Writes only what is new. @throws when the file cannot be written */
  note(luksUuid: string, sighting: UsbSighting): Promise<void>;
}

/** {@link UsbSightings} in a file; a damaged one counts as empty. */
export function createUsbSightings(file: string): UsbSightings {
  const read = async (): Promise<Record<string, UsbSighting>> => (await readJson(sightingsSchema, file))?.disks ?? {};
  const takeTurn = createTurns(1, patienceMs); // two disks at once: neither entry may be lost
  return {
    list: async () => new Map(Object.entries(await read())),
    note: (luksUuid, { port, usbSerial }) =>
      takeTurn(async () => {
        const disks = await read();
        const before = disks[luksUuid];
        if (before?.port === port && before.usbSerial === usbSerial) return;
        const after = { version: 1, disks: { ...disks, [luksUuid]: { port, usbSerial } } };
        await writeAtomically(file, `${JSON.stringify(after)}\n`, true);
      }),
  };
}

const patienceMs = 10_000;
