/** Changes the key of a LUKS volume. At every moment the volume has a keyslot that is known to work. */
import { KeyError, UsageError } from '../errors.ts';
import { affordableMemoryKiB } from '../disk/format-disk.ts';
import { CommandError, type StartProgram } from '../system/command.ts';
import { saveLuksHeader } from '../disk/luks-header.ts';
import { readSecretFile } from '../keys/ram-key-ring.ts';

const cryptsetup = '/usr/sbin/cryptsetup';
/** argon2 on a small machine takes seconds for each keyslot, and a disk may have to spin up. */
const patienceMs = 300_000;

/** Whether the volume would open with the key in a file. Only a test. */
export async function opensWith(start: StartProgram, device: string, keyFile: string): Promise<boolean> {
  const { exitCode } = await start({
    file: cryptsetup,
    args: [
      'open',
      '--test-passphrase',
      '--type',
      'luks',
      '--disable-external-tokens',
      '--batch-mode',
      '--key-file',
      keyFile,
      device,
    ],
    timeoutMs: patienceMs,
    accept: [1, 2],
  });
  return exitCode === 0;
}

/**
 * Gives the volume a second keyslot, for the new key, and proves that it works. Does nothing when it has one.
 * @returns whether a keyslot was added
 * @throws KeyError when the volume opens with neither key
 */
export async function addKeyslot(
  start: StartProgram,
  label: string,
  device: string,
  keys: { readonly old: string; readonly new: string },
): Promise<boolean> {
  if (await opensWith(start, device, keys.new)) return false;
  if (!(await opensWith(start, device, keys.old))) {
    throw new KeyError(
      'EXB_KEY_REJECTED',
      `Disk ${label} opens neither with the old key nor with the new one. Nothing on it was changed.`,
      `Give it the present key first, with the password that it was prepared with: extbackup drive rekey ${label}`,
    );
  }
  const cost = (await isLuks2(start, device))
    ? ['--pbkdf', 'argon2id', '--pbkdf-memory', String(affordableMemoryKiB())]
    : [];
  await start({
    file: cryptsetup,
    args: ['luksAddKey', '--batch-mode', '--key-file', keys.old, '--iter-time', '2000', ...cost, device, keys.new],
    timeoutMs: patienceMs,
  });
  if (await opensWith(start, device, keys.new)) return true;
  throw new KeyError(
    'EXB_KEY_REJECTED',
    `Disk ${label} does not open with the keyslot that was just added. The old key still works.`,
    'The disk may be failing; look at: cryptsetup luksDump, and smartctl.',
  );
}

/**
 * Removes a key from a volume that is proven to open with another one. Does nothing when the key does not open it.
 * @param keys.stays key that must work afterwards
 * @throws KeyError when the volume does not open with `keys.stays`: then nothing is removed
 */
export async function removeKeyslot(
  start: StartProgram,
  label: string,
  device: string,
  keys: { readonly goes: string; readonly stays: string },
): Promise<void> {
  if ((await haveSameContent(keys.goes, keys.stays)) || !(await opensWith(start, device, keys.stays))) {
    throw new KeyError(
      'EXB_KEY_REJECTED',
      `Disk ${label} does not open with the new key, so the old key was left on it.`,
      'Try again: extbackup drive rekey',
    );
  }
  while (await opensWith(start, device, keys.goes)) {
    await start({
      file: cryptsetup,
      args: ['luksRemoveKey', '--batch-mode', device, keys.goes],
      timeoutMs: patienceMs,
    });
  }
}

/** Number of keyslots in use; see cryptsetup-luksDump(8). */
export async function countKeyslots(start: StartProgram, device: string): Promise<number> {
  const { stdout } = await start({ file: cryptsetup, args: ['luksDump', device], timeoutMs: 60_000 });
  return stdout.match(/^(?: {2}\d+: luks2$|Key Slot \d: ENABLED)/gm)?.length ?? 0;
}

/**
 * Saves the LUKS header as a new file, `LABEL.luks-header` in a directory.
 * @returns the file
 * @throws UsageError when it cannot be written there
 */
export async function backUpHeader(
  start: StartProgram,
  label: string,
  device: string,
  directory: string,
): Promise<string> {
  const file = `${directory}/${label}.luks-header`;
  try {
    await saveLuksHeader(start, device, file);
    return file;
  } catch (cause) {
    if (!(cause instanceof CommandError)) throw cause;
    throw new UsageError(
      `The LUKS header of ${label} could not be saved as ${file}. No key was changed.`,
      'Name an existing directory in which there is no such file yet.',
      cause,
    );
  }
}

/** If both keys are equal, removing one would remove both. */
async function haveSameContent(one: string, other: string): Promise<boolean> {
  const contents = await Promise.all([readSecretFile(one), readSecretFile(other)]);
  const [first, second] = contents.map((content) => content?.reveal());
  const same = first !== undefined && second !== undefined && first.equals(second);
  for (const content of contents) content?.wipe();
  return same;
}

async function isLuks2(start: StartProgram, device: string): Promise<boolean> {
  try {
    await start({ file: cryptsetup, args: ['isLuks', '--type', 'luks2', device], timeoutMs: 60_000 });
    return true;
  } catch (error) {
    if (error instanceof CommandError && error.exitCode === 1) return false;
    throw error;
  }
}
