import * as z from 'zod';
import { writeAtomically } from '../system/atomic-file.ts';
import { readJson } from '../system/read-json.ts';
import { createTurns } from '../system/turns.ts';

const toldSchema = z.object({ version: z.literal(1), told: z.record(z.string(), z.string()) });

/** Remembers, until the next boot, what was reported about each attach of a USB device: a restart of the agent repeats nothing. */
export interface ToldUsb {
  /** @returns whether this text is new for this attach */
  isNew(attach: string, text: string): Promise<boolean>;
}

/** {@link ToldUsb} in a file in /run. Never throws: a failure goes to `onError`, and at worst something is told twice. */
export function createToldUsb(file: string, onError: (error: unknown) => void): ToldUsb {
  const read = async (): Promise<Record<string, string>> => (await readJson(toldSchema, file))?.told ?? {};
  const write = async (told: Record<string, string>): Promise<void> => {
    await writeAtomically(file, `${JSON.stringify({ version: 1, told })}\n`, false).catch(onError);
  };
  const takeTurn = createTurns(1, patienceMs); // two devices at once: neither entry may be lost
  return {
    isNew: (attach, text) =>
      takeTurn(async () => {
        const told = await read();
        if (told[attach] === text) return false;
        await write({ ...told, [attach]: text });
        return true;
      }),
  };
}

const patienceMs = 10_000;
