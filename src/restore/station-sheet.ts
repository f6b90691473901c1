import { hostname } from 'node:os';
import type { Config } from '../config/schema.ts';
import { readPreviousKeys } from '../keys/previous-keys.ts';
import { readSalt } from '../keys/salt.ts';
import { createDriveRegistry } from '../records/drive-registry.ts';
import { files, type Paths } from '../system/paths.ts';
import { buildRecoverySheet } from './recovery-sheet.ts';
import type { RecoverySheet } from './sheet-parts.ts';

/** The recovery sheet of this station as it is now. Throws ConfigError without a salt. */
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

/** What the sheet is worth, and to whom. */
export const worthOfSheet: readonly string[] = [
  'Print the sheet. Without the salt on it nobody opens the disks, not even with the password: with this machine the',
  'only other copy of the salt is lost. Who has a disk, the sheet and the password reads everything; who has a disk and',
  'the sheet can try passwords. So keep the sheet apart from the disks, and do not write the password on it.',
  'When it is printed: extbackup recovery-sheet --confirm',
];
