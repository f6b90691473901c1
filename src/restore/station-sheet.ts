import { hostname } from 'node:os';
import type { Config } from '../config/schema.ts';
import { readPreviousKeys } from '../keys/previous-keys.ts';
import { readSalt } from '../keys/salt.ts';
import { createDriveRegistry } from '../records/drive-registry.ts';
import { files, type Paths } from '../system/paths.ts';
import { buildRecoverySheet } from './recovery-sheet.ts';
import type { RecoverySheet } from './sheet-parts.ts';

/** The present recovery sheet of this station. Throws ConfigError without a salt. */
export async function sheetOfStation(
  paths: Paths,
  config: Config,
  { withSalt, now }: { readonly withSalt: boolean; readonly now: Date },
): Promise<RecoverySheet> {
  return buildRecoverySheet({
    station: hostname(),
    config,
    drives: await createDriveRegistry(files.drives(paths)).list(),
    salt: await readSalt(files.salt(paths), config.key.derivation),
    previous: await readPreviousKeys(paths),
    withSalt,
    printedAt: now,
  });
}

/** The value of the sheet, and the danger. */
export const worthOfSheet: readonly string[] = [
  'Print the sheet. Without the salt on it nobody opens the disks, not even with the password: the only other copy of',
  'the salt is on this machine. With a disk, the sheet and the password, anybody can read everything; with a disk and',
  'the sheet, anybody can try passwords. So keep the sheet apart from the disks, and do not write the password on it.',
  'When it is printed: extbackup recovery-sheet --confirm',
];
