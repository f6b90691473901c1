import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

/** The built files that a lab starts from. All are read only: a lab works on overlays. */
export interface GuestImage {
  readonly directory: string;
  readonly kernel: string;
  readonly initrd: string;
  readonly stationDisk: string;
  readonly serverDisk: string;
  /** Private ssh key that root on the station lets in. */
  readonly loginKey: string;
  /** Further arguments of QEMU. */
  readonly devices?: readonly string[];
}

/** Where everything lives that a lab may find again: `$XDG_CACHE_HOME/extbackup/lab`. */
export const cacheDirectory = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'extbackup/lab');

/**
 * Finds the image in the cache or builds it (two to five minutes), telling its progress on stderr. One build at a time.
 * Debian 13, or the suite that `LAB_SUITE` names.
 */
export async function findOrBuildImage(): Promise<GuestImage> {
  const suite = process.env['LAB_SUITE'] ?? 'trixie';
  const directory = join(cacheDirectory, `${suite}-${await hashOfSources()}`);
  if (!existsSync(join(directory, 'complete'))) {
    await mkdir(cacheDirectory, { recursive: true });
    const build = join(import.meta.dirname, 'build');
    await execa('flock', ['--close', join(cacheDirectory, 'build.lock'), build, directory], {
      stdio: ['ignore', process.stderr, process.stderr],
    });
  }
  return {
    directory,
    kernel: join(directory, 'vmlinuz'),
    initrd: join(directory, 'initrd.img'),
    stationDisk: join(directory, 'station.img'),
    serverDisk: join(directory, 'server.img'),
    loginKey: join(directory, 'id_ed25519'),
  };
}

/** Changes with every file that decides what the image contains. */
async function hashOfSources(): Promise<string> {
  const entries = await readdir(import.meta.dirname, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
  const hash = createHash('sha256');
  for (const file of files.sort())
    hash
      .update(file.slice(import.meta.dirname.length))
      .update('\0')
      .update(await readFile(file))
      .update('\0');
  return hash.digest('hex').slice(0, 16);
}
