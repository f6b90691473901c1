import { link, rename, rm } from 'node:fs/promises';
import type { CliContext } from '../commands/cli-context.ts';
import type { Config, KeySettings } from '../config/schema.ts';
import { updateConfig } from '../config/write.ts';
import { createDriveRegistry } from '../drives/drive-registry.ts';
import { KeyError } from '../errors.ts';
import { readIfThere } from '../system/atomic-file.ts';
import { listBlockDevices, withDescendants } from '../system/block-devices.ts';
import { files, type Paths } from '../system/paths.ts';
import type { Secret } from '../system/secret.ts';
import { checkValueOf, deriveKey, type ScryptParameters } from './derivation.ts';
import { headerBackupNotice } from './header-backup.ts';
import { addKeyslot, backUpHeader, removeKeyslot } from './luks-keyslots.ts';
import { nudgeAgent } from './nudge.ts';
import { checkPassword } from './password.ts';
import { isPending, readPreviousKeys, settleRekeyed, writePreviousKeys } from './previous-keys.ts';
import { wipeFile, writeRamFile } from './ram-key-ring.ts';
import { nextSshKey } from './rotate-ssh-key.ts';
import { makeSalt, nextSaltFile, readSalts, writeNewSalt } from './salt.ts';
import { encryptToContainer } from './ssh-container.ts';
import { identityFile, loadSshKey, rekeyedContainer } from './ssh-key.ts';
import { isKeyLoaded } from './unlock.ts';

/** What a password change is asked to do. */
export interface PasswordChange {
  /** The new password; taken over. */
  readonly typed: Secret;
  readonly scrypt: ScryptParameters;
  /** Directory for copies of the LUKS headers as they were; undefined makes none. */
  readonly headerBackup: string | undefined;
}

/** An enrolled disk; `device` is undefined when it is not plugged in. */
interface RekeyedDisk {
  readonly label: string;
  readonly luksUuid: string;
  readonly device: string | undefined;
}

/**
 * Changes the password, and with it the key of everything. The order makes every interruption harmless: first each
 * disk that is here gets a second keyslot and the ssh key a second container, then the settings change (one atomic
 * write: from here on the new password counts), and only then the old ones go.
 * @returns labels of the disks that are away and keep the old key until `drive rekey`
 * @throws KeyError when the present key is not loaded, or the new password is refused
 */
export async function changePassword(context: CliContext, config: Config, change: PasswordChange): Promise<string[]> {
  const { paths } = context;
  const oldKeyFile = files.luksKey(paths);
  const newKeyFile = `${oldKeyFile}.new`;
  const password = checkPassword('scrypt', change.typed);
  await requirePresentKey(paths, config.key);
  const salt = makeSalt();
  const settings: KeySettings = { derivation: 'scrypt', scrypt: { ...change.scrypt } };
  const key = await deriveKey(settings, password, salt);
  password.wipe();
  const disks = await listDisks(context);
  const before = await readPreviousKeys(paths);
  let committed = false;
  try {
    await writeRamFile(paths.ramfs, 'luks_pw.new', key);
    await addKeyslots(context, disks, { old: oldKeyFile, new: newKeyFile }, change.headerBackup);
    const containers = await encryptAnew(context, config, newKeyFile);
    await rm(nextSaltFile(files.salt(paths)), { force: true });
    await writeNewSalt(nextSaltFile(files.salt(paths)), salt);
    await rememberOldKey(context, config.key, disks);

    await updateConfig(paths.config, [{ path: ['key'], value: { ...settings, check: checkValueOf('scrypt', key) } }]);
    committed = true;

    await rename(nextSaltFile(files.salt(paths)), files.salt(paths));
    for (const container of containers) await rename(rekeyedContainer({ key: container }), container);
    await wipeFile(previousKeyFile(oldKeyFile));
    await link(oldKeyFile, previousKeyFile(oldKeyFile)); // for `drive rekey`, until lock or reboot
    await rename(newKeyFile, oldKeyFile);
    await nudgeAgent(paths, 'unlock');
    const away = await removeKeyslots(context, disks, { goes: previousKeyFile(oldKeyFile), stays: oldKeyFile });
    // A disk that was on the list before may have a still older key beside this one.
    await settleRekeyed(paths, disks.flatMap(({ device, luksUuid }) => (device === undefined || isPending(before, luksUuid) ? [] : [luksUuid])));
    return away;
  } catch (error) {
    if (!committed) await removeKeyslots(context, disks, { goes: newKeyFile, stays: oldKeyFile }).catch(() => undefined); // the first error is the one to tell
    throw error;
  } finally {
    key.wipe();
    await wipeFile(newKeyFile);
  }
}

/** @throws KeyError when the key that is in force is not loaded, or cannot be told from another */
export async function requirePresentKey(paths: Paths, settings: KeySettings): Promise<void> {
  if (settings.check !== undefined && (await isKeyLoaded(paths, settings))) return;
  throw new KeyError('EXB_KEY_MISSING', 'The present key is not loaded.', 'Load it with the present password: extbackup unlock');
}

/** The key from before a password change, in ramfs until `lock` or the next boot. */
export const previousKeyFile = (luksKeyFile: string): string => `${luksKeyFile}.previous`;

async function listDisks({ paths, runCommand }: CliContext): Promise<RekeyedDisk[]> {
  const enrolled = (await createDriveRegistry(files.drives(paths)).list()).filter(({ state }) => state !== 'lost');
  const volumes = (await listBlockDevices(runCommand)).flatMap((disk) => [...withDescendants(disk)]).filter(({ fstype }) => fstype === 'crypto_LUKS');
  return enrolled.map(({ label, luksUuid }) => ({ label, luksUuid, device: volumes.find(({ uuid }) => uuid === luksUuid)?.path }));
}

async function addKeyslots(context: CliContext, disks: readonly RekeyedDisk[], keys: { readonly old: string; readonly new: string }, headerBackup: string | undefined): Promise<void> {
  const run = context.runCommand;
  for (const { label, device } of disks) {
    if (device === undefined) continue;
    if (headerBackup !== undefined) context.note(headerBackupNotice(await backUpHeader(run, label, device, headerBackup)));
    await addKeyslot(run, label, device, keys);
    context.note(`Disk ${label} has a keyslot for the new key.`);
  }
}

/** The ssh keys, each in a second container beside the first. */
async function encryptAnew({ paths, runCommand: run }: CliContext, config: Config, newKeyFile: string): Promise<string[]> {
  const containers: string[] = [];
  for (const ssh of [config.ssh, nextSshKey(config.ssh)]) {
    if ((await readIfThere(ssh.key)) === undefined) continue;
    await loadSshKey(run, paths, ssh);
    await encryptToContainer(run, identityFile(paths, ssh), newKeyFile, rekeyedContainer(ssh));
    containers.push(ssh.key);
  }
  return containers;
}

async function rememberOldKey({ paths }: CliContext, settings: KeySettings, disks: readonly RekeyedDisk[]): Promise<void> {
  const before = await readPreviousKeys(paths);
  const [salt] = await readSalts(files.salt(paths), settings.derivation);
  await writePreviousKeys(paths, {
    version: 1,
    keys: [...before.keys, { settings, salt, changedAt: new Date().toISOString() }],
    pending: disks.map(({ label, luksUuid }) => ({ label, luksUuid })),
  });
}

/** @returns labels of the disks that are away */
async function removeKeyslots({ runCommand: run }: CliContext, disks: readonly RekeyedDisk[], keys: { readonly goes: string; readonly stays: string }): Promise<string[]> {
  for (const { label, device } of disks) if (device !== undefined) await removeKeyslot(run, label, device, keys);
  return disks.flatMap(({ label, device }) => (device === undefined ? [label] : []));
}
