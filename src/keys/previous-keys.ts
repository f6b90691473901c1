import { mkdir } from 'node:fs/promises';
import { z } from 'zod';
import { configSchema, type KeySettings } from '../config/schema.ts';
import { ExtbackupError, exitCodes } from '../errors.ts';
import { readIfThere, writeAtomically } from '../system/atomic-file.ts';
import { parseJson } from '../system/parse-json.ts';
import type { Paths } from '../system/paths.ts';

const schema = z.object({
  version: z.literal(1),
  /** The parameters of earlier keys, the newest last: old settings and salts, never a key or a password. */
  keys: z.array(z.object({ settings: configSchema.shape.key, salt: z.string(), changedAt: z.iso.datetime() })),
  /**
   * Enrolled disks, including lost ones, that may still have an earlier key: the key of the change at `since`, if
   * known, or a newer one.
   */
  pending: z.array(z.object({ luksUuid: z.string(), label: z.string(), since: z.iso.datetime().optional() })),
});

/** The work that a password change leaves. */
export type PreviousKeys = z.infer<typeof schema>;

const fileOf = (paths: Paths): string => `${paths.state}/previous-keys.json`;

/** Throws ExtbackupError when the file cannot be understood. */
export async function readPreviousKeys(paths: Paths): Promise<PreviousKeys> {
  const text = await readIfThere(fileOf(paths));
  if (text === undefined) return { version: 1, keys: [], pending: [] };
  const content = parseJson(schema, text);
  if (content !== undefined) return content;
  throw new ExtbackupError('EXB_LEDGER', exitCodes.usage, {
    happened: `The list of disks that still have an old key, ${fileOf(paths)}, is damaged.`,
    todo: 'Put it back from a backup of this machine, or move it away and rekey each disk by hand with cryptsetup luksChangeKey.',
  });
}

/** Replaces the list. */
async function writePreviousKeys(paths: Paths, content: PreviousKeys): Promise<void> {
  await mkdir(paths.state, { recursive: true, mode: 0o700 });
  await writeAtomically(fileOf(paths), `${JSON.stringify(content, null, 2)}\n`, true);
}

/** An enrolled disk, as the list names it. */
type Listed = Pick<PreviousKeys['pending'][number], 'label' | 'luksUuid'>;

/** Notes the key that is about to be replaced, and that every disk may still have it. */
export async function rememberOldKey(
  paths: Paths,
  settings: PreviousKeys['keys'][number]['settings'],
  salt: string,
  disks: readonly Listed[],
): Promise<void> {
  const before = await readPreviousKeys(paths);
  const changedAt = new Date().toISOString();
  await writePreviousKeys(paths, {
    version: 1,
    keys: [...before.keys, { settings, salt, changedAt }],
    pending: disks.map(
      ({ label, luksUuid }) =>
        before.pending.find((earlier) => earlier.luksUuid === luksUuid) ?? { label, luksUuid, since: changedAt },
    ),
  });
}

/** Undoes {@link rememberOldKey} for a change that never came into force: the noted key is still the present one. */
export async function forgetUncommitted(paths: Paths, present: Pick<KeySettings, 'check'>): Promise<void> {
  const before = await readPreviousKeys(paths);
  const last = before.keys.at(-1);
  if (last === undefined || present.check === undefined || last.settings.check !== present.check) return;
  await writePreviousKeys(paths, {
    version: 1,
    keys: before.keys.slice(0, -1),
    pending: before.pending.filter(({ since }) => since !== last.changedAt),
  });
}

/** Whether the last key is the only old key that a disk may have. */
export async function mayHaveLastKeyOnly(paths: Paths, wanted: string): Promise<boolean> {
  const { keys, pending } = await readPreviousKeys(paths);
  const since = pending.find(({ luksUuid }) => luksUuid === wanted)?.since;
  return since !== undefined && since === keys.at(-1)?.changedAt;
}

/**
 * Removes disks with the new key from the list. The earlier salts are kept forever: a disk that is no longer enrolled
 * may come back, and cannot be opened without its salt. The check values are removed with the last disk of the list, so
 * that passwords cannot be tried on them.
 */
export async function settleRekeyed(paths: Paths, luksUuids: readonly string[]): Promise<void> {
  const before = await readPreviousKeys(paths);
  const pending = before.pending.filter(({ luksUuid }) => !luksUuids.includes(luksUuid));
  const keys =
    pending.length === 0
      ? before.keys.map(({ settings, ...key }) => ({ ...key, settings: withoutCheck(settings) }))
      : before.keys;
  await writePreviousKeys(paths, { version: 1, keys, pending });
}

const withoutCheck = ({ derivation, scrypt }: PreviousKeys['keys'][number]['settings']): KeySettings => ({
  derivation,
  ...(scrypt && { scrypt }),
});

/** Whether a disk may still have an earlier key. */
export const isPending = ({ pending }: PreviousKeys, wanted: string): boolean =>
  pending.some(({ luksUuid }) => luksUuid === wanted);

/**
 * A message about a disk that rejects the key because the password was changed while it was away. @returns undefined
 * for any other disk
 */
export async function rekeyAdvice(
  paths: Paths,
  luksUuid: string,
): Promise<{ happened: string; todo: string } | undefined> {
  const disk = (await readPreviousKeys(paths)).pending.find((pending) => pending.luksUuid === luksUuid);
  if (!disk) return undefined;
  return {
    happened: `Disk ${disk.label} still has the key from before the password was changed.`,
    todo: `Leave it plugged in and run: extbackup drive rekey ${disk.label} (it asks for the old password)`,
  };
}
