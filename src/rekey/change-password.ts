import { rm } from 'node:fs/promises';
import { basename } from 'node:path';
import type { CliContext } from '../terminal/cli-context.ts';
import { sayIfDerivationIsSlow } from '../terminal/say-if-slow.ts';
import type { Config, KeySettings } from '../config/schema.ts';
import { readLuksHeader } from '../disk/luks-header.ts';
import { assertTrusted } from '../disk/luks-trust.ts';
import { updateConfig } from '../config/write.ts';
import { readIfThere } from '../system/atomic-file.ts';
import { files, type Paths } from '../system/paths.ts';
import { Secret } from '../system/secret.ts';
import { checkValueOf, deriveKey, type ScryptParameters } from '../keys/derivation.ts';
import { headerBackupNotice } from './header-backup.ts';
import { addKeyslot, backUpHeader, countKeyslots } from './luks-keyslots.ts';
import { checkPassword } from '../keys/password.ts';
import { readPreviousKeys, rememberOldKey } from '../keys/previous-keys.ts';
import { readLuksKey, wipeFile, writeRamFile } from '../keys/ram-key-ring.ts';
import {
  enrolledDisks,
  listDisks,
  nextKeyFile,
  putNewKeyInForce,
  removeOldKeyslots,
  requirePresentKey,
  sshKeysOf,
  undoUncommitted,
  type RekeyedDisk,
} from './resume-change.ts';
import { nextSaltFile, readSalts, settleNextSalt } from '../keys/salt.ts';
import { makeSlowCheck } from '../keys/slow-check.ts';
import { refuseGuessable } from './guessable.ts';
import { encryptToContainer } from '../keys/ssh-container.ts';
import { identityFile, loadSshKey, rekeyedContainer } from '../keys/ssh-key.ts';

/** The input of a password change. */
export interface PasswordChange {
  /** The new password; it is overwritten. */
  readonly typed: Secret;
  readonly scrypt: ScryptParameters;
  /** Directory for copies of the LUKS headers before the change; undefined makes none. */
  readonly headerBackup: string | undefined;
}

/**
 * Changes the password, and with it the key of everything. The order makes every interruption harmless: first each
 * plugged disk gets a second keyslot and the ssh key a second container; then the settings change (one atomic write:
 * from here on the new password counts); only then the old ones are removed. The next change completes a killed one,
 * see `resumePasswordChange`.
 * @returns labels of the disks that keep an old key until `drive rekey`: disks that are away, and disks that an
 * interrupted change left with one
 * @throws KeyError when the present key is not loaded, or the new password is refused
 */
export async function changePassword(context: CliContext, config: Config, change: PasswordChange): Promise<string[]> {
  const { paths } = context;
  const oldKeyFile = files.luksKey(paths);
  const newKeyFile = nextKeyFile(oldKeyFile);
  const { key, settings, oldSalt } = await sayIfDerivationIsSlow(context, buildNewKey(paths, config, change));
  const disks = await listDisks(context);
  let committed = false;
  try {
    await writeRamFile(paths.ramfs, basename(newKeyFile), key);
    await addKeyslots(context, disks, { old: oldKeyFile, new: newKeyFile }, change.headerBackup);
    await encryptAnew(context, config, newKeyFile);
    await rememberOldKey(
      paths,
      await parametersOf(paths, config.key, oldSalt, change.scrypt),
      await enrolledDisks(paths),
    );

    await updateConfig(paths.config, [{ path: ['key'], value: { ...settings, check: checkValueOf('scrypt', key) } }]);
    committed = true;

    await putNewKeyInForce(context, config);
    await removeOldKeyslots(context, disks);
    const { pending } = await readPreviousKeys(paths);
    await tellOfOtherKeys(
      context,
      disks.filter(({ luksUuid }) => !pending.some((disk) => disk.luksUuid === luksUuid)),
    );
    return pending.filter(({ luksUuid }) => disks.some((disk) => disk.luksUuid === luksUuid)).map(({ label }) => label);
  } catch (error) {
    if (!committed) {
      const undone = undoUncommitted(context, config, disks).then(() =>
        rm(nextSaltFile(files.salt(paths)), { force: true }),
      );
      await undone.catch(() => undefined); // report the first error
    }
    throw error;
  } finally {
    key.wipe();
    await wipeFile(newKeyFile);
  }
}

/** Throws KeyError when the present key is not loaded, or the new password is refused. The caller wipes the key. */
async function buildNewKey(
  paths: Paths,
  config: Config,
  { typed, scrypt }: PasswordChange,
): Promise<{ readonly key: Secret; readonly settings: KeySettings; readonly oldSalt: string }> {
  const asTyped = new Secret(Buffer.from(typed.reveal()));
  const settings: KeySettings = { derivation: 'scrypt', scrypt: { ...scrypt } };
  try {
    const password = checkPassword('scrypt', typed);
    await requirePresentKey(paths, config.key);
    const [oldSalt] = await readSalts(files.salt(paths), config.key.derivation);
    await refuseGuessable(paths, { settings: config.key, salt: oldSalt }, [password, asTyped], scrypt);
    const key = await deriveKey(settings, password, await settleNextSalt(files.salt(paths)));
    password.wipe();
    return { key, settings, oldSalt };
  } finally {
    asTyped.wipe();
    typed.wipe();
  }
}

/** What the list of earlier keys holds of the present one. A check value that is quick to guess at is not kept. */
async function parametersOf(
  paths: Paths,
  settings: KeySettings,
  salt: string,
  scrypt: ScryptParameters,
): Promise<Parameters<typeof rememberOldKey>[1]> {
  if (settings.derivation === 'scrypt') return { settings, salt, slowCheck: undefined };
  const key = await readLuksKey(files.luksKey(paths));
  const slowCheck = key && (await makeSlowCheck(key, scrypt));
  key?.wipe();
  return { settings, salt, slowCheck };
}

async function addKeyslots(
  context: CliContext,
  disks: readonly RekeyedDisk[],
  keys: { readonly old: string; readonly new: string },
  headerBackup: string | undefined,
): Promise<void> {
  const start = context.start;
  for (const { label, device } of disks) {
    if (device === undefined) continue;
    assertTrusted(label, await readLuksHeader(start, device)); // add no keyslot to a manipulated header
    if (headerBackup !== undefined)
      context.note(headerBackupNotice(await backUpHeader(start, label, device, headerBackup)));
    await addKeyslot(start, label, device, keys);
    context.note(`Disk ${label} has a keyslot for the new key.`);
  }
}

/** The ssh keys, each in a second container beside the first. */
async function encryptAnew({ paths, start }: CliContext, config: Config, newKeyFile: string): Promise<void> {
  for (const ssh of sshKeysOf(config)) {
    if ((await readIfThere(ssh.key)) === undefined) {
      await rm(rekeyedContainer(ssh), { force: true }); // left by an interrupted change, for a key that is gone
      continue;
    }
    await loadSshKey(start, paths, ssh);
    await encryptToContainer(start, identityFile(paths, ssh), newKeyFile, rekeyedContainer(ssh));
  }
}

/** A password change removes the old key and no other. */
async function tellOfOtherKeys(context: CliContext, disks: readonly RekeyedDisk[]): Promise<void> {
  for (const { label, device } of disks) {
    if (device === undefined || (await countKeyslots(context.start, device)) < 2) continue;
    context.note(
      `Disk ${label} has one more keyslot, which was not changed. If you do not know it, see: cryptsetup luksDump ${device}`,
    );
  }
}
