import type { ReleaseAfter } from '../config/release-schema.ts';
import type { ParkOutcome } from '../disk/park.ts';
import type { Unparkable } from '../records/drive-record.ts';

/** How a disk is made quiet after its run. */
export interface Parking {
  /** Whether it was plugged in by USB; only then it can be parked. */
  isOnUsb(disk: string): Promise<boolean>;
  isRotating(disk: string): Promise<boolean>;
  /** Bounded in time; must not throw. `disk` is the kernel name of the whole disk. */
  park(drive: string, disk: string, how: 'park' | 'power-off'): Promise<ParkOutcome | 'failed'>;
}

/** The result of a try to park a disk. */
export interface Parked {
  readonly outcome: ParkOutcome | 'failed';
  readonly tookMs: number;
}

/** A disk that could not be parked is left alone for so long: some bridges drop off the bus, which looks like a new plug-in. */
const againAfterMs = 30 * 86_400_000;

/**
 * Parks the closed disk of a run, as far as the settings ask for it.
 * @param after setting `release.after`
 * @param before the registry's note about an earlier failure
 * @returns undefined when nothing was tried
 */
export async function parkAfterRun(
  { drive, disk }: { readonly drive: string; readonly disk: string },
  after: ReleaseAfter | undefined,
  before: Unparkable | undefined,
  parking: Parking,
): Promise<Parked | undefined> {
  if (
    after === undefined ||
    after === 'keep' ||
    (before && Math.abs(Date.now() - Date.parse(before.at)) < againAfterMs)
  )
    return undefined;
  if (!(await parking.isOnUsb(disk))) return undefined;
  if (after === 'park' && !(await parking.isRotating(disk))) return undefined;
  const begun = performance.now();
  const outcome = await parking.park(drive, disk, after);
  return { outcome, tookMs: Math.round(performance.now() - begun) };
}

const isQuiet = ({ outcome }: Parked): boolean => outcome === 'parked' || outcome === 'powered-off';

/** The registry's note after a try; undefined when it can be parked. */
export function unparkableAfter(before: Unparkable | undefined, parked: Parked | undefined): Unparkable | undefined {
  if (parked === undefined || parked.outcome === 'in-use') return before;
  return isQuiet(parked) ? undefined : { at: new Date().toISOString(), outcome: parked.outcome };
}

/** News for the operator, once for each disk. */
export function parkNews(
  drive: string,
  before: Unparkable | undefined,
  parked: Parked | undefined,
): { readonly about: 'park'; readonly reason: string; readonly todo: string }[] {
  if (before || !parked || isQuiet(parked) || parked.outcome === 'in-use') return [];
  return [
    {
      about: 'park',
      reason: `Disk ${drive} is closed, but ${words[parked.outcome] ?? ''}. It is not tried again for a month.`,
      todo: 'The backup is not affected. To end such tries, set release.after: keep',
    },
  ];
}

const words: Readonly<Record<string, string>> = {
  refused: 'it, or its USB case, refuses to be spun down',
  slow: 'it did not spin down in time',
  gone: 'it left the USB bus when it was to spin down',
  failed: 'it could not be spun down: extbackup-park@.service failed',
};
