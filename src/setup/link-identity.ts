import { lstat, mkdir, readlink, rename, rm, symlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename } from 'node:path';
import { UsageError } from '../errors.ts';

/**
 * Makes `~/.ssh/id_…` a link to the decrypted key in RAM, so that root's own ssh uses it. A real key there is kept.
 * @returns what was done, in words
 * @throws UsageError when something else stands in the way
 */
export async function linkIdentity(identity: string, home = homedir()): Promise<string> {
  const link = `${home}/.ssh/${basename(identity, '.decrypted')}`;
  await mkdir(`${home}/.ssh`, { recursive: true, mode: 0o700 });
  const kind = await lstat(link).catch(() => undefined);
  if (kind && !kind.isSymbolicLink()) {
    throw new UsageError(
      `${link} is a real file, so it was not replaced by a link.`,
      'Move it away if it is not needed, and try again.',
    );
  }
  if (kind && (await readlink(link)) === identity) return `${link} already points to the key in RAM.`;
  const temporary = `${link}.${process.pid}`;
  await rm(temporary, { force: true });
  await symlink(identity, temporary);
  await rename(temporary, link);
  return `${link} now points to the key in RAM.`;
}
