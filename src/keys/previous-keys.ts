import { mkdir } from 'node:fs/promises';
import * as z from 'zod';
import { configSchema, type KeySettings } from '../config/schema.ts';
import { ExtbackupError, exitCodes } from '../errors.ts';
import { readIfThere, writeAtomically } from '../system/atomic-file.ts';
import { parseJson } from '../system/parse-json.ts';
import type { Paths } from '../system/paths.ts';
import { slowCheckSchema, type SlowCheck } from './slow-check.ts';

const schema = z.object({
  version: z.literal(1),
  /** The parameters of earlier keys, the newest last: old settings and salts, never a key or a password. */
  keys: z.array(
    z.object({
      settings: configSchema.shape.key,
      salt: z.string(),
      changedAt: z.iso.datetime(),
      /** In place of the check value of a derivation that is quick to guess at. */
      slowCheck: slowCheckSchema.optional(),
    }),
  ),
  /**
   * Enrolled disks, including lost ones, that may still have an earlier key: the key of the change at `since`, if
   * known, or a newer one.
   */
  pending: z.array(
    z.object({
      luksUuid: z.string(),
      label: z.string(),
      since: z.iso.datetime().optional(),
      isLost: z.literal(true).optional(),
    }),
  ),
});

/** The parameters of an earlier key. */
export type EarlierKey = PreviousKeys['keys'][number];

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

/** Replaces the list. Check values that no disk needs any more are left out: passwords could be tried on them. */
async function writePreviousKeys(paths: Paths, { version, keys, pending }: PreviousKeys): Promise<void> {
  const content: PreviousKeys = { version, keys: keys.map((key) => withoutNeedless(key, pending)), pending };
  await mkdir(paths.state, { recursive: true, mode: 0o700 });
  await writeAtomically(fileOf(paths), `${JSON.stringify(content, null, 2)}\n`, true);
}

function withoutNeedless({ slowCheck, ...key }: EarlierKey, pending: PreviousKeys['pending']): EarlierKey {
  if (!pending.some(({ since, isLost }) => isLost !== true && (since === undefined || since <= key.changedAt)))
    return { ...key, settings: withoutCheck(key.settings) };
  return {
    ...key,
    settings: isQuick(key.settings) ? withoutCheck(key.settings) : key.settings,
    ...(slowCheck && { slowCheck }),
  };
}

const isQuick = ({ derivation }: Pick<KeySettings, 'derivation'>): boolean => derivation === 'sha512';

/** Whether the list has a check value on which billions of passwords can be tried per second; earlier versions kept it. */
export const hasQuickCheck = ({ keys }: PreviousKeys): boolean =>
  keys.some(({ settings }) => isQuick(settings) && settings.check !== undefined);

/** Removes quick check values, and those that no disk needs. */
export async function dropChecks(paths: Paths): Promise<void> {
  await writePreviousKeys(paths, await readPreviousKeys(paths));
}

/** An enrolled disk. */
interface Enrolled {
  readonly label: string;
  readonly luksUuid: string;
  readonly state: string;
}

/** Notes the key that is about to be replaced, and that every disk may still have it. */
export async function rememberOldKey(
  paths: Paths,
  { settings, salt, slowCheck }: Omit<EarlierKey, 'changedAt' | 'slowCheck'> & { slowCheck: SlowCheck | undefined },
  disks: readonly Enrolled[],
): Promise<void> {
  const before = await readPreviousKeys(paths);
  const changedAt = new Date().toISOString();
  await writePreviousKeys(paths, {
    version: 1,
    keys: [...before.keys, { settings, salt, changedAt, ...(slowCheck && { slowCheck }) }],
    pending: disks.map(({ label, luksUuid, state }) => ({
      ...(before.pending.find((earlier) => earlier.luksUuid === luksUuid) ?? { label, luksUuid, since: changedAt }),
      ...(state === 'lost' && { isLost: true as const }),
    })),
  });
}

/** Undoes {@link rememberOldKey} for a change that never came into force: the noted key is still the present one. */
export async function forgetUncommitted(
  paths: Paths,
  present: Pick<KeySettings, 'derivation' | 'check'>,
): Promise<void> {
  const before = await readPreviousKeys(paths);
  const last = before.keys.at(-1);
  if (last === undefined || present.check === undefined || !isSameKey(last, present)) return;
  await writePreviousKeys(paths, {
    version: 1,
    keys: before.keys.slice(0, -1),
    pending: before.pending.filter(({ since }) => since !== last.changedAt),
  });
}

/** A change never leads back to a quick derivation: with one in force, the last key is the present one. */
const isSameKey = ({ settings }: EarlierKey, present: Pick<KeySettings, 'derivation' | 'check'>): boolean =>
  isQuick(present) ? isQuick(settings) : settings.check === present.check;

/** Whether the last key is the only old key that a disk may have. */
export async function mayHaveLastKeyOnly(paths: Paths, wanted: string): Promise<boolean> {
  const { keys, pending } = await readPreviousKeys(paths);
  const since = pending.find(({ luksUuid }) => luksUuid === wanted)?.since;
  return since !== undefined && since === keys.at(-1)?.changedAt;
}

/**
 * Removes disks that have the new key, or were forgotten, from the list. The earlier salts are kept forever: a disk that
 * is no longer enrolled may come back, and cannot be opened without its salt.
 */
export async function settleRekeyed(paths: Paths, luksUuids: readonly string[]): Promise<void> {
  const { keys, pending } = await readPreviousKeys(paths);
  await writePreviousKeys(paths, {
    version: 1,
    keys,
    pending: pending.filter(({ luksUuid }) => !luksUuids.includes(luksUuid)),
  });
}

/** Notes that a disk is lost, or was found again. For a lost one no check value is kept. */
export async function noteLost(paths: Paths, wanted: string, isLost: boolean): Promise<void> {
  const { keys, pending } = await readPreviousKeys(paths);
  if (!pending.some(({ luksUuid }) => luksUuid === wanted)) return;
  await writePreviousKeys(paths, {
    version: 1,
    keys,
    pending: pending.map(({ isLost: _before, ...disk }) => {
      const isNowLost = disk.luksUuid === wanted ? isLost : _before === true;
      return { ...disk, ...(isNowLost && { isLost: true as const }) };
    }),
  });
}

const withoutCheck = ({ derivation, scrypt }: EarlierKey['settings']): KeySettings => ({
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
