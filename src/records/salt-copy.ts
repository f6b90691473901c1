import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import * as z from 'zod';
import { readSaltIfThere } from '../keys/salt.ts';
import { readIfThere, writeAtomically } from '../system/atomic-file.ts';
import { parseJson } from '../system/parse-json.ts';
import { files, type Paths } from '../system/paths.ts';

const schema = z.looseObject({
  version: z.literal(1),
  /** The time of the confirmation; ISO 8601 in UTC. */
  confirmedAt: z.iso.datetime(),
  /** Fingerprint of the salt on the printed sheet. */
  salt: z.string(),
});

/** A person's confirmation that the recovery sheet was printed. */
export type SaltCopy = z.infer<typeof schema>;

/**
 * Identifies a salt: 8 hex digits, far too few to reconstruct it. The package's postrm computes the same.
 * @param salt without a newline
 */
export const saltFingerprint = (salt: string): string =>
  createHash('sha256').update(`extbackup salt fingerprint v1\n${salt}`).digest('hex').slice(0, 8);

/** A missing or damaged record counts as none: the reminder is sent once more. */
export async function readSaltCopy(paths: Paths): Promise<SaltCopy | undefined> {
  return parseJson(schema, await readIfThere(files.saltCopy(paths)).catch(() => undefined));
}

/** Notes that a sheet with this salt was printed. */
export async function confirmSaltCopy(paths: Paths, salt: string, now: Date): Promise<SaltCopy> {
  const copy: SaltCopy = { version: 1, confirmedAt: now.toISOString(), salt: saltFingerprint(salt) };
  await mkdir(paths.state, { recursive: true, mode: 0o700 });
  await writeAtomically(files.saltCopy(paths), `${JSON.stringify(copy)}\n`, true);
  return copy;
}

/** Whether the present salt is known to be on paper. `no-salt` if there is no salt. */
export async function saltCopyState(paths: Paths): Promise<'no-salt' | 'confirmed' | 'never' | 'other-salt'> {
  const salt = await readSaltIfThere(files.salt(paths));
  if (salt === undefined) return 'no-salt';
  const copy = await readSaltCopy(paths);
  if (copy === undefined) return 'never';
  return copy.salt === saltFingerprint(salt) ? 'confirmed' : 'other-salt';
}

/** Two sentences: the trouble with the copy of the salt, and the remedy. */
export function noSaltCopy(why: 'never' | 'other-salt'): { readonly happened: string; readonly todo: string } {
  const where = 'only on this machine: if it is lost, no password opens the disks any more';
  return {
    happened:
      why === 'never'
        ? `Nobody has confirmed that the recovery sheet was printed. As far as is known the salt is ${where}.`
        : `The salt has changed since the recovery sheet was printed. As far as is known the new one is ${where}.`,
    todo: 'Print it: extbackup recovery-sheet ; keep it apart from the disks, then: extbackup recovery-sheet --confirm',
  };
}
