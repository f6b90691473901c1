import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from './root.ts';

/** What package-lock.json says of one npm package. */
export interface LockedPackage {
  readonly version: string;
  /** Of the archive in the registry: `sha512-` and base64. */
  readonly integrity: string;
  readonly license?: string;
}

/**
 * The entry of one npm package.
 * @param path such as `node_modules/zod`
 * @throws when there is none
 */
export async function lockedPackage(path: string): Promise<LockedPackage> {
  const { packages } = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, LockedPackage>>;
  };
  const found = packages[path];
  if (!found) throw new Error(`${path} is not in package-lock.json. Type: npm ci`);
  return found;
}
