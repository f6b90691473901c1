import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Architecture } from '../../../debian/architecture.ts';

/** The built files that a lab starts from. All are read only: a lab works on overlays. */
export interface GuestImage {
  readonly architecture: Architecture;
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

/** Where the sources of an image are; later ones take the place of earlier ones of the same name. Each has a `build`. */
const sourcesOf: Readonly<Record<Architecture, readonly string[]>> = {
  amd64: [import.meta.dirname],
  arm64: [import.meta.dirname, join(import.meta.dirname, '../arm64/image')],
};

/**
 * Finds the image in the cache or builds it (two to five minutes), telling its progress on stderr. One build at a time.
 * Debian 13; for amd64 also the suite that `LAB_SUITE` names.
 */
export async function findOrBuildImage(architecture: Architecture = 'amd64'): Promise<GuestImage> {
  const foreign = architecture !== 'amd64';
  const suite = foreign ? 'trixie' : (process.env['LAB_SUITE'] ?? 'trixie');
  const place = foreign ? join(cacheDirectory, architecture) : cacheDirectory;
  const sources = sourcesOf[architecture];
  const directory = join(place, `${suite}-${await hashOf(sources)}`);
  if (!existsSync(join(directory, 'complete'))) {
    await mkdir(place, { recursive: true });
    const build = join(sources.at(-1) ?? '', 'build');
    await execa('flock', ['--close', join(place, 'build.lock'), build, directory], {
      stdio: ['ignore', process.stderr, process.stderr],
    });
  }
  return {
    architecture,
    directory,
    kernel: join(directory, 'vmlinuz'),
    initrd: join(directory, 'initrd.img'),
    stationDisk: join(directory, 'station.img'),
    serverDisk: join(directory, 'server.img'),
    loginKey: join(directory, 'id_ed25519'),
  };
}

/** Changes with every file that decides what the image contains. */
async function hashOf(sources: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const directory of sources) {
    const entries = await readdir(directory, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.ts'))
      .map((entry) => join(entry.parentPath, entry.name));
    for (const file of files.sort())
      hash
        .update(file.slice(directory.length))
        .update('\0')
        .update(await readFile(file))
        .update('\0');
  }
  return hash.digest('hex').slice(0, 16);
}
