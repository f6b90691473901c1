import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Host } from './host.ts';

/** Ordinary files of the tree, in addition to the odd ones (about 200 entries, 12 MB apparent size, 4 MB real). */
export interface TreeSize {
  /** Files of up to 2 kB. */
  readonly smallFiles?: number;
  /** Files of 1 MB each of random bytes. */
  readonly bulkMb?: number;
}

/** Makes a tree of files that are hard to copy: odd names, links, owners, rights, ACLs, attributes, holes, times. */
export async function makeSourceTree(
  host: Host,
  root: string,
  { smallFiles = 100, bulkMb = 0 }: TreeSize = {},
): Promise<void> {
  await host.run(['python3', '-', root, String(smallFiles), String(bulkMb)], {
    input: await script('make-odd-tree.py'),
    timeoutMs: 600_000,
  });
}

/** One file of a tree, read without extbackup. Keys as in on-guest/manifest.py. */
export type ManifestEntry = Readonly<Record<string, unknown>> & { readonly path: string };

/** Reads a whole tree: kind, mode, owner, times, content, links, ACLs, attributes and holes of every file. */
export async function manifestOf(host: Host, root: string): Promise<ManifestEntry[]> {
  const { stdout } = await host.run(['python3', '-', root], { input: await script('manifest.py'), timeoutMs: 600_000 });
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as ManifestEntry);
}

/** The differences between two trees, one line each; none for equal trees. `ignore` leaves out keys. */
export function differences(
  expected: readonly ManifestEntry[],
  actual: readonly ManifestEntry[],
  ignore: readonly string[] = [],
): string[] {
  const there = new Map(actual.map((entry) => [entry.path, entry]));
  const found: string[] = [];
  for (const entry of expected) {
    const other = there.get(entry.path);
    there.delete(entry.path);
    if (!other) {
      found.push(`missing: ${entry.path}`);
      continue;
    }
    for (const key of new Set([...Object.keys(entry), ...Object.keys(other)])) {
      const [want, have] = [JSON.stringify(entry[key]), JSON.stringify(other[key])];
      if (want !== have && !ignore.includes(key)) found.push(`${entry.path}: ${key} is ${have}, not ${want}`);
    }
  }
  for (const path of there.keys()) found.push(`too much: ${path}`);
  return found;
}

function script(name: string): Promise<string> {
  return readFile(join(import.meta.dirname, 'on-guest', name), 'utf8');
}
