import type { RotationSetting } from '../config/rotation-setting.ts';
import type { DriveRecord } from '../records/drive-record.ts';
import { dueAt } from '../records/rotation.ts';
import type { RunRecord } from '../records/run-record.ts';

/** One disk on the card. */
export interface CardDisk {
  readonly label: string;
  readonly isHere: boolean;
  /** When it is overdue. */
  readonly bringBy: Date;
  readonly lastBackup: Date | null;
}

/** The facts on the quick card. */
export interface CardFacts {
  readonly station: string;
  /** Whom to call; empty when the settings name nobody. */
  readonly contact: string;
  readonly now: Date;
  /** How long the last complete run took. */
  readonly tookMs: number | null;
  /** The disk to bring next first. */
  readonly disks: readonly CardDisk[];
}

/** The records behind a card. */
export interface CardInput {
  readonly station: string;
  readonly contact: string;
  readonly now: Date;
  readonly records: readonly DriveRecord[];
  /** Labels of the plugged disks. */
  readonly present: ReadonlySet<string>;
  readonly rotation: RotationSetting;
  /** Past runs, the newest last. */
  readonly runs: readonly RunRecord[];
}

/** Puts the facts of the card together. Retired and lost disks are left out; a plugged disk comes last. */
export function cardFacts({ station, contact, now, records, present, rotation, runs }: CardInput): CardFacts {
  const disks = records
    .filter(({ state }) => state === 'active')
    .map((record) => ({
      label: record.label,
      isHere: present.has(record.label),
      bringBy: dueAt(record, rotation, now),
      lastBackup: record.lastSuccess === null ? null : new Date(record.lastSuccess),
    }))
    .toSorted((a, b) => Number(a.isHere) - Number(b.isHere) || a.bringBy.getTime() - b.bringBy.getTime());
  const last = runs.findLast(({ outcome }) => outcome === 'success');
  return { station, contact, now, tookMs: last?.tookMs ?? null, disks };
}
