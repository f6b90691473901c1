import type { CliContext } from '../commands/cli-context.ts';
import type { Config, KeySettings } from '../config/schema.ts';
import { KeyError } from '../errors.ts';
import { files, type Paths } from '../system/paths.ts';
import { Secret } from '../system/secret.ts';
import { checkValueOf, deriveKey } from './derivation.ts';
import { previousKeyFile } from './change-password.ts';
import { addKeyslot, opensWith, removeKeyslot } from './luks-keyslots.ts';
import { checkPassword } from './password.ts';
import { readPreviousKeys, settleRekeyed } from './previous-keys.ts';
import { readSalt } from './salt.ts';
import { readLuksKey, wipeFile, writeRamFile } from './ram-key-ring.ts';

/** A disk that is plugged in and closed. */
export interface DiskToRekey {
  readonly label: string;
  readonly luksUuid: string;
  readonly device: string;
}

/**
 * Gives a disk the key that is loaded, in place of an older one. The old key is taken from RAM when it is still there;
 * otherwise `ask` gets the old password.
 * @returns whether anything had to be changed
 * @throws KeyError when the disk opens with none of the keys; then it was not changed
 */
export async function rekeyDisk(context: CliContext, config: Config, disk: DiskToRekey, ask: () => Promise<Secret>): Promise<boolean> {
  const { paths, runCommand: run } = context;
  const { label, luksUuid, device } = disk;
  const present = files.luksKey(paths);
  const previous = previousKeyFile(present);
  const oldest = `${present}.old`;
  try {
    const isOpenToUs = await opensWith(run, device, present);
    let old: string | undefined = (await opensWithFile(context, device, previous)) ? previous : undefined;
    if (old === undefined && !isOpenToUs) old = await findOldKey(context, config, disk, await ask(), oldest);
    if (old === undefined) {
      await settleRekeyed(paths, [luksUuid]);
      return false;
    }
    await addKeyslot(run, label, device, { old, new: present });
    await removeKeyslot(run, label, device, { goes: old, stays: present });
    await settleRekeyed(paths, [luksUuid]);
    return true;
  } finally {
    await wipeFile(oldest);
  }
}

async function opensWithFile({ runCommand }: CliContext, device: string, keyFile: string): Promise<boolean> {
  const key = await readLuksKey(keyFile);
  key?.wipe();
  return key !== undefined && opensWith(runCommand, device, keyFile);
}

/** Builds every key that the password may have stood for, the newest first, until one opens the disk. */
async function findOldKey({ paths, runCommand: run }: CliContext, config: Config, { label, device }: DiskToRekey, typed: Secret, keyFile: string): Promise<string> {
  const ways = [...(await readPreviousKeys(paths)).keys].reverse();
  const own = { settings: config.key, salt: await readSalt(files.salt(paths), config.key.derivation) };
  try {
    for (const { settings, salt } of [...ways, { ...own, settings: { ...own.settings, check: undefined } }]) {
      if (await buildInto(paths, settings, salt, typed, keyFile) && await opensWith(run, device, keyFile)) return keyFile;
    }
  } finally {
    typed.wipe();
  }
  throw new KeyError('EXB_KEY_REJECTED', `The password is not the one that disk ${label} has. Nothing on it was changed.`, 'Try again with the password that was in use when the disk was last backed up.');
}

/** @returns whether the key fits its check value, if it has one; only then it is written */
async function buildInto(paths: Paths, settings: Omit<KeySettings, 'check'> & { readonly check?: string | undefined }, salt: string, typed: Secret, keyFile: string): Promise<boolean> {
  const key = await deriveKey(settings, checkPassword(settings.derivation, new Secret(Buffer.from(typed.reveal()))), salt);
  try {
    if (settings.check !== undefined && checkValueOf(settings.derivation, key) !== settings.check) return false;
    await writeRamFile(paths.ramfs, keyFile.slice(paths.ramfs.length + 1), key);
    return true;
  } finally {
    key.wipe();
  }
}
