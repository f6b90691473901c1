import { chmod, stat } from 'node:fs/promises';
import { saltCopyState, noSaltCopy, readSaltCopy } from '../records/salt-copy.ts';
import { createDriveRegistry } from '../records/drive-registry.ts';
import { readPreviousKeys } from '../keys/previous-keys.ts';
import { isOnRamfs, placeOf } from '../keys/ram-directory.ts';
import { identityFile, samePublicKey } from '../keys/ssh-key.ts';
import { isKeyLoaded } from '../keys/unlock.ts';
import { readIfThere, writeAtomically } from '../system/atomic-file.ts';
import { CommandError } from '../system/command.ts';
import { files } from '../system/paths.ts';
import { fail, ok, warn, type Check, type ConfiguredPatient } from './check.ts';
import { oldCheckChecks } from './old-check-checks.ts';
import { localDay } from '../text/local-time.ts';

/** The key, the salt and the ssh key. */
export const keyChecks: readonly Check<ConfiguredPatient>[] = [
  {
    name: 'private-files',
    check: async ({ paths, config, fix }) => {
      const open: string[] = [];
      for (const [file, mode] of [
        ...[paths.config, files.salt(paths), config.ssh.key].map((name) => [name, 0o600] as const),
        ...[paths.state, paths.run].map((name) => [name, 0o700] as const),
      ]) {
        if (!(await isOpenToOthers(file))) continue;
        if (fix) await chmod(file, mode);
        else open.push(file);
      }
      return open.length === 0
        ? ok('Only root can read settings, salt, ssh key, records and state.')
        : warn(
            `Other users can read: ${open.join(', ')}.`,
            `Repair it: extbackup doctor --fix, or chmod go= ${open.join(' ')}`,
          );
    },
  },
  {
    name: 'salt',
    check: async ({ paths }) =>
      (await readIfThere(files.salt(paths))) === undefined
        ? fail(
            `The salt ${files.salt(paths)} is missing: no password opens the disks without it.`,
            'Put it back from a backup of this machine. On a new station: extbackup setup',
          )
        : ok('The salt is there.'),
  },
  {
    name: 'salt-copy',
    check: async ({ paths }) => {
      const found = await saltCopyState(paths);
      if (found === 'no-salt') return warn('Not checked: a copy of the salt.', 'See the line above.');
      if (found !== 'confirmed') {
        const { happened, todo } = noSaltCopy(found);
        return warn(happened, todo);
      }
      const copy = await readSaltCopy(paths);
      const day = copy === undefined ? '' : ` (confirmed on ${localDay(copy.confirmedAt)})`;
      return ok(`The recovery sheet with the present salt was printed${day}.`);
    },
  },
  {
    name: 'derivation',
    check: ({ config }) =>
      Promise.resolve(
        config.key.derivation === 'scrypt'
          ? ok('The key is derived with scrypt.')
          : warn(
              'The key is derived with SHA-512: with the salt, billions of passwords can be tried per second.',
              'Move to scrypt, which makes each try cost a second: extbackup key change',
            ),
      ),
  },
  {
    name: 'old-keys',
    check: async ({ paths }) => {
      const lost = (await createDriveRegistry(files.drives(paths)).list())
        .filter(({ state }) => state === 'lost')
        .map(({ luksUuid }) => luksUuid);
      const labels = (await readPreviousKeys(paths)).pending
        .filter(({ luksUuid }) => !lost.includes(luksUuid))
        .map(({ label }) => label);
      return labels.length === 0
        ? ok('No disk has a key from before a password change.')
        : warn(
            `May still have the key from before a password change: ${labels.join(', ')}.`,
            'Plug each one in and run: extbackup drive rekey LABEL (keep the old password until then)',
          );
    },
  },
  ...oldCheckChecks,
  {
    name: 'ramfs',
    check: async ({ paths, config }) => {
      for (const file of [files.luksKey(paths), identityFile(paths, config.ssh)]) {
        if ((await placeOf(file)) !== 'disk') continue;
        return fail(
          `${file} lies on a disk, not in a ramfs: it is not used, and a thief of this machine has it.`,
          'Remove it: extbackup lock. Then load the key anew (extbackup unlock), and set a new password: extbackup key change',
        );
      }
      return (await isOnRamfs(paths.ramfs))
        ? ok(`${paths.ramfs} is a ramfs, which is never swapped out.`)
        : warn(`${paths.ramfs} is not a ramfs yet.`, 'It is made when the key is loaded: extbackup unlock');
    },
  },
  {
    name: 'key',
    check: async ({ paths, config }) =>
      (await isKeyLoaded(paths, config.key))
        ? ok('The key is loaded, and it is the right one.')
        : warn('The key is not loaded; a plugged disk waits for it.', 'Load it: extbackup unlock'),
  },
  {
    name: 'ssh-key',
    check: async ({ paths, config, start, fix }) => {
      if ((await readIfThere(config.ssh.key)) === undefined)
        return fail(`The ssh key ${config.ssh.key} is missing.`, 'Make one: extbackup setup');
      const identity = identityFile(paths, config.ssh);
      const isLoaded = (await readIfThere(identity)) !== undefined;
      const expected = await readIfThere(config.ssh.publicKey);
      if (expected === undefined && !(fix && isLoaded))
        return fail(
          `The public half of the ssh key, ${config.ssh.publicKey}, is missing.`,
          isLoaded
            ? 'Write it again: extbackup doctor --fix'
            : 'It is written again by: extbackup lock, then extbackup unlock',
        );
      if (!isLoaded) return warn('The ssh key is not loaded.', 'Load it: extbackup unlock');
      try {
        const { stdout } = await start({
          file: '/usr/bin/ssh-keygen',
          args: ['-y', '-P', '', '-f', identity],
          timeoutMs: 20_000,
        });
        if (expected === undefined) {
          await writeAtomically(config.ssh.publicKey, stdout, true, 0o644);
          return ok('The public half of the ssh key was written again.');
        }
        return samePublicKey(stdout, expected)
          ? ok('The ssh key is loaded and fits its public half.')
          : fail(
              'The ssh key that is loaded does not belong to its public half.',
              'Load it anew: extbackup lock, then extbackup unlock',
            );
      } catch (error) {
        if (!(error instanceof CommandError)) throw error;
        return fail('The ssh key that is loaded is damaged.', 'Load it anew: extbackup lock, then extbackup unlock');
      }
    },
  },
];

/** A missing file is reported by another check. */
async function isOpenToOthers(file: string): Promise<boolean> {
  try {
    return ((await stat(file)).mode & 0o077) !== 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
