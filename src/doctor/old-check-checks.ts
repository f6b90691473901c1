import { dropChecks, hasQuickCheck, readPreviousKeys, type PreviousKeys } from '../keys/previous-keys.ts';
import { oldFilesLeft } from '../records/old-files.ts';
import { ok, warn, type Check, type ConfiguredPatient } from './check.ts';

/** What is left of earlier keys, on which passwords could be tried. */
export const oldCheckChecks: readonly Check<ConfiguredPatient>[] = [
  {
    name: 'old-checks',
    check: async ({ paths, fix }) => {
      if (fix && hasQuickCheck(await readPreviousKeys(paths))) await dropChecks(paths);
      const left = await readPreviousKeys(paths);
      if (hasQuickCheck(left))
        return warn(
          'The list of earlier keys has a check value (SHA-1) of an old password: with it, billions of passwords can be tried per second.',
          'An earlier version kept it for drive rekey, which works without it. Remove it: extbackup doctor --fix',
        );
      return ok(keptFor(left));
    },
  },
  {
    name: 'old-files',
    check: async ({ paths }) => {
      const left = await oldFilesLeft(paths);
      return left.length === 0
        ? ok('No files of a set-up made by hand are left.')
        : warn(
            `Files of the old set-up are left: ${left.join(', ')}. With them, billions of passwords can be tried per second.`,
            `If nothing uses them any more: shred -u ${left.join(' ')} . And if the password is still the old one: extbackup key change`,
          );
    },
  },
];

function keptFor({ keys, pending }: PreviousKeys): string {
  const waiting = pending.filter(({ isLost }) => isLost !== true).map(({ label }) => label);
  return keys.some(({ settings, slowCheck }) => settings.check !== undefined || slowCheck !== undefined)
    ? `A check value of an old password is kept until the new key is on: ${waiting.join(', ')}. Each try at it costs a whole scrypt.`
    : 'No check value of an old password is kept.';
}
