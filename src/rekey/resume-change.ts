import { link, rename, rm, stat } from 'node:fs/promises';
import type { CliContext } from '../terminal/cli-context.ts';
import type { Config, KeySettings } from '../config/schema.ts';
import type { DriveRecord } from '../records/drive-record.ts';
import { createDriveRegistry } from '../records/drive-registry.ts';
import { KeyError } from '../errors.ts';
import { readIfThere } from '../system/atomic-file.ts';
import { listBlockDevices, withDescendants } from '../disk/block-devices.ts';
import { isThere } from '../system/is-there.ts';
import { files, type Paths } from '../system/paths.ts';
import { checkValueOf } from '../keys/derivation.ts';
import { countKeyslots, opensWith, removeKeyslot } from './luks-keyslots.ts';
import { nudgeAgent } from '../protocol/nudge.ts';
import {
  forgetUncommitted,
  isPending,
  mayHaveLastKeyOnly,
  readPreviousKeys,
  settleRekeyed,
} from '../keys/previous-keys.ts';
import { readLuksKey, wipeFile } from '../keys/ram-key-ring.ts';
import { nextSaltFile } from '../keys/salt.ts';
import { nextSshKey, rekeyedContainer, type SshKeyFiles } from '../keys/ssh-key.ts';
import { isKeyLoaded } from '../keys/unlock.ts';

/** An enrolled disk; `device` is undefined when it is not plugged in. */
export interface RekeyedDisk {
  readonly label: string;
  readonly luksUuid: string;
  readonly device: string | undefined;
}

/** The key from before a password change, in ramfs until `lock` or the next boot. */
export const previousKeyFile = (luksKeyFile: string): string => `${luksKeyFile}.previous`;

/** The new key of a password change in progress. */
export const nextKeyFile = (luksKeyFile: string): string => `${luksKeyFile}.new`;

/** The present ssh key, and the new one that the server may not accept yet. */
export const sshKeysOf = ({ ssh }: Pick<Config, 'ssh'>): SshKeyFiles[] => [ssh, nextSshKey(ssh)];

/** @throws KeyError when the present key is not loaded, or cannot be identified */
export async function requirePresentKey(paths: Paths, settings: KeySettings): Promise<void> {
  if (settings.check !== undefined && (await isKeyLoaded(paths, settings))) return;
  throw new KeyError(
    'EXB_KEY_MISSING',
    'The present key is not loaded.',
    'Load it with the present password: extbackup unlock',
  );
}

/** Every enrolled disk, lost ones too. */
export const enrolledDisks = (paths: Paths): Promise<readonly DriveRecord[]> =>
  createDriveRegistry(files.drives(paths)).list();

/** Every enrolled disk that is not lost, with its device if it is plugged in. */
export async function listDisks({ paths, start }: CliContext): Promise<RekeyedDisk[]> {
  const enrolled = (await enrolledDisks(paths)).filter(({ state }) => state !== 'lost');
  const volumes = (await listBlockDevices(start))
    .flatMap((disk) => [...withDescendants(disk)])
    .filter(({ fstype }) => fstype === 'crypto_LUKS');
  return enrolled.map(({ label, luksUuid }) => ({
    label,
    luksUuid,
    device: volumes.find(({ uuid }) => uuid === luksUuid)?.path,
  }));
}

/**
 * Handles a password change that was killed: completes it if the settings have the new key, otherwise takes it
 * back.
 * @throws KeyError when the present key is not loaded
 */
export async function resumePasswordChange(context: CliContext): Promise<void> {
  const { paths } = context;
  const config = await context.loadConfig();
  await completeIfInForce(context, config);
  await requirePresentKey(paths, config.key);
  const disks = await listDisks(context);
  await undoUncommitted(context, config, disks);
  if ((await readLuksKey(previousKeyFile(files.luksKey(paths)))) !== undefined) await removeOldKeyslots(context, disks);
}

/** Completes the steps without a disk of a killed password change, if the settings have the new key. */
export async function completeIfInForce(context: CliContext, config: Config): Promise<void> {
  const key = await readLuksKey(nextKeyFile(files.luksKey(context.paths)));
  const isInForce = key !== undefined && config.key.check === checkValueOf(config.key.derivation, key);
  key?.wipe();
  if (!isInForce) return;
  await putNewKeyInForce(context, config);
  context.note('A password change was interrupted after the new password became valid; it is completed now.');
}

/**
 * Replaces all other files after the settings were changed to the new key. Each step first checks whether it was
 * done.
 */
export async function putNewKeyInForce({ paths }: CliContext, config: Pick<Config, 'ssh'>): Promise<void> {
  const keyFile = files.luksKey(paths);
  await replaceIfThere(nextSaltFile(files.salt(paths)), files.salt(paths));
  for (const ssh of sshKeysOf(config)) await replaceIfThere(rekeyedContainer(ssh), ssh.key);
  if (await isThere(keyFile)) {
    if (!(await isSameFile(keyFile, previousKeyFile(keyFile)))) await wipeFile(previousKeyFile(keyFile));
    await rm(previousKeyFile(keyFile), { force: true });
    await link(keyFile, previousKeyFile(keyFile)); // for `drive rekey`, until lock or reboot
  }
  await rename(nextKeyFile(keyFile), keyFile);
  await nudgeAgent(paths, 'unlock');
}

/** After an interruption both names may belong to one file: wiping one would wipe the other. */
async function isSameFile(one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all([one, other].map((file) => stat(file).catch(() => undefined)));
  return first !== undefined && first.ino === second?.ino;
}

async function replaceIfThere(next: string, file: string): Promise<void> {
  if ((await readIfThere(next)) !== undefined) await rename(next, file);
}

/** Removes the previous key, which is in RAM, from the plugged disks that open with the present one. */
export async function removeOldKeyslots({ paths, start }: CliContext, disks: readonly RekeyedDisk[]): Promise<void> {
  const present = files.luksKey(paths);
  for (const { label, luksUuid, device } of disks) {
    if (
      device === undefined ||
      !isPending(await readPreviousKeys(paths), luksUuid) ||
      !(await opensWith(start, device, present))
    )
      continue;
    await removeKeyslot(start, label, device, { goes: previousKeyFile(present), stays: present });
    // A disk that also missed an earlier change may have an even older key beside this one.
    if ((await countKeyslots(start, device)) === 1 || (await mayHaveLastKeyOnly(paths, luksUuid)))
      await settleRekeyed(paths, [luksUuid]);
  }
}

/** Takes back a password change whose new key is not in the settings. */
export async function undoUncommitted(
  { paths, start }: CliContext,
  config: Pick<Config, 'key'>,
  disks: readonly RekeyedDisk[],
): Promise<void> {
  const [present, next] = [files.luksKey(paths), nextKeyFile(files.luksKey(paths))];
  await forgetUncommitted(paths, config.key);
  if (!(await isThere(next))) return;
  for (const { label, device } of disks) {
    if (device !== undefined && (await opensWith(start, device, next)) && (await opensWith(start, device, present)))
      await removeKeyslot(start, label, device, { goes: next, stays: present });
  }
  await wipeFile(next);
}
