import type { CliContext } from '../terminal/cli-context.ts';
import { sayIfDerivationIsSlow } from '../terminal/say-if-slow.ts';
import type { Config, KeySettings } from '../config/schema.ts';
import { readLuksHeader } from '../disk/luks-header.ts';
import { assertTrusted } from '../disk/luks-trust.ts';
import { KeyError } from '../errors.ts';
import { files, type Paths } from '../system/paths.ts';
import { Secret } from '../system/secret.ts';
import { checkValueOf, deriveKey } from '../keys/derivation.ts';
import { previousKeyFile } from './resume-change.ts';
import { headerBackupNotice } from './header-backup.ts';
import { addKeyslot, backUpHeader, countKeyslots, opensWith, removeKeyslot } from './luks-keyslots.ts';
import { checkPassword, passwordForms } from '../keys/password.ts';
import { isPending, readPreviousKeys, settleRekeyed } from '../keys/previous-keys.ts';
import { readSalt } from '../keys/salt.ts';
import { fitsSlowCheck, type SlowCheck } from '../keys/slow-check.ts';
import { readLuksKey, wipeFile, writeRamFile } from '../keys/ram-key-ring.ts';

/** A disk that is plugged in and closed. */
export interface DiskToRekey {
  readonly label: string;
  readonly luksUuid: string;
  readonly device: string;
}

/**
 * Replaces an older key of a disk by the loaded one. The old key is taken from RAM if it is still there;
 * otherwise `ask` gets the old password, also for a disk that already opens but may have kept its old key in an
 * interrupted password change.
 * @param headerBackup directory for a copy of the LUKS header before the change; undefined makes none
 * @returns whether anything was changed
 * @throws KeyError when the disk opens with none of the keys; then it was not changed
 */
export async function rekeyDisk(
  context: CliContext,
  config: Config,
  disk: DiskToRekey,
  ask: () => Promise<Secret>,
  headerBackup?: string,
): Promise<boolean> {
  const { paths, start } = context;
  const { label, luksUuid, device } = disk;
  const present = files.luksKey(paths);
  const previous = previousKeyFile(present);
  const oldest = `${present}.old`;
  try {
    const isOpenToUs = await opensWith(start, device, present);
    let old: string | undefined = (await opensWithFile(context, device, previous)) ? previous : undefined;
    const mayHaveOldKey =
      !isOpenToUs || (isPending(await readPreviousKeys(paths), luksUuid) && (await countKeyslots(start, device)) > 1);
    if (old === undefined && mayHaveOldKey)
      old = await findOldKey(context, config, disk, await ask(), { keyFile: oldest, isOpenToUs });
    if (old === undefined) {
      await settleRekeyed(paths, [luksUuid]);
      return false;
    }
    assertTrusted(label, await readLuksHeader(start, device)); // add no keyslot to a manipulated header
    if (headerBackup !== undefined)
      context.note(headerBackupNotice(await backUpHeader(start, label, device, headerBackup)));
    await addKeyslot(start, label, device, { old, new: present });
    await removeKeyslot(start, label, device, { goes: old, stays: present });
    await settleRekeyed(paths, [luksUuid]);
    return true;
  } finally {
    await wipeFile(oldest);
  }
}

async function opensWithFile({ start }: CliContext, device: string, keyFile: string): Promise<boolean> {
  const key = await readLuksKey(keyFile);
  key?.wipe();
  return key !== undefined && opensWith(start, device, keyFile);
}

/**
 * Builds every key that the password may have produced, the newest first, until one opens the disk.
 * @returns the key's file; undefined when the password is the last one and the disk no longer has that key
 */
async function findOldKey(
  context: CliContext,
  config: Config,
  { label, device }: DiskToRekey,
  typed: Secret,
  goal: { readonly keyFile: string; readonly isOpenToUs: boolean },
): Promise<string | undefined> {
  const { paths, start } = context;
  const { keyFile, isOpenToUs } = goal;
  const ways = [...(await readPreviousKeys(paths)).keys].reverse();
  const own = { settings: config.key, salt: await readSalt(files.salt(paths), config.key.derivation) };
  try {
    // the same derivation with another password
    const hasOwn = isOpenToUs ? [] : [{ ...own, settings: { ...own.settings, check: undefined } }];
    for (const way of [...ways, ...hasOwn]) {
      const { settings } = way;
      for (const form of passwordForms(
        settings.derivation,
        checkPassword(settings.derivation, new Secret(Buffer.from(typed.reveal()))),
      )) {
        if (!(await sayIfDerivationIsSlow(context, buildInto(paths, way, form, keyFile)))) continue;
        if (await opensWith(start, device, keyFile)) return keyFile;
        if (isOpenToUs && way === ways[0] && hasCheck(way)) return undefined;
      }
    }
  } finally {
    typed.wipe();
  }
  throw new KeyError(
    'EXB_KEY_REJECTED',
    `Disk ${label} does not open with this password. Nothing on it was changed.`,
    'Try again with the password that was in use when the disk was last backed up.',
  );
}

/** What a key is built from, and the check values that are known of it. */
interface Way {
  readonly settings: Omit<KeySettings, 'check'> & { readonly check?: string | undefined };
  readonly salt: string;
  readonly slowCheck?: SlowCheck | undefined;
}

const hasCheck = ({ settings, slowCheck }: Way): boolean => settings.check !== undefined || slowCheck !== undefined;

/**
 * `password` is overwritten. Writes the key only if it fits its check values, or has none. @returns
 * whether it was written
 */
async function buildInto(
  paths: Paths,
  { settings, salt, slowCheck }: Way,
  password: Secret,
  keyFile: string,
): Promise<boolean> {
  const key = await deriveKey(settings, password, salt);
  password.wipe();
  try {
    if (settings.check !== undefined && checkValueOf(settings.derivation, key) !== settings.check) return false;
    if (slowCheck !== undefined && !(await fitsSlowCheck(key, slowCheck))) return false;
    await writeRamFile(paths.ramfs, keyFile.slice(paths.ramfs.length + 1), key);
    return true;
  } finally {
    key.wipe();
  }
}
