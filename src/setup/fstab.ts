import { readFile, stat } from 'node:fs/promises';
import { writeAtomically } from '../system/atomic-file.ts';

/**
 * Adds a line to fstab(5) that mounts the ramfs at every boot, unless one for this directory is there.
 * @returns what was done, in words
 */
export async function addFstabLine(fstab: string, directory: string): Promise<string> {
  const text = await readFile(fstab, 'utf8');
  const there = text.split('\n').some((line) => !line.startsWith('#') && line.trim().split(/\s+/)[1] === directory);
  if (there) return `${fstab} already has a line for ${directory}.`;
  const line = `ramfs ${directory} ramfs mode=0700,nodev,nosuid,noexec,nofail 0 0\n`;
  const { mode } = await stat(fstab);
  await writeAtomically(fstab, `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${line}`, true, mode & 0o777);
  return `Added a line for ${directory} to ${fstab}.`;
}
