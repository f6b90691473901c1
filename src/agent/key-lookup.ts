import type { Config } from '../config/schema.ts';
import { placeOf as placeOnMachine } from '../keys/ram-directory.ts';
import { identityFile } from '../keys/ssh-key.ts';
import { files, type Paths } from '../system/paths.ts';

/** Where the keys are looked for. */
export interface KeyLookupParts {
  readonly paths: Paths;
  loadConfig(): Promise<Config>;
  /** Told once of keys that lie on a disk, and again when that happens anew. */
  warn(reason: string, todo: string): void;
  readonly placeOf?: typeof placeOnMachine;
}

/**
 * Tells whether both keys are in RAM: `unlock` writes the LUKS key first and decrypts the ssh key with it, so there is a
 * moment between. A key on a disk is none: nothing is opened with it.
 */
export function createKeyLookup(parts: KeyLookupParts): () => Promise<boolean> {
  const { paths, placeOf = placeOnMachine } = parts;
  let hasWarned = false;
  return async () => {
    const wanted = [files.luksKey(paths)];
    const ssh = await parts.loadConfig().then(
      (config) => config.ssh,
      () => undefined,
    ); // a wrong configuration is told by the run
    if (ssh !== undefined && (await placeOf(ssh.key)) !== 'nowhere') wanted.push(identityFile(paths, ssh));
    const places = await Promise.all(wanted.map((file) => placeOf(file)));
    const onDisk = wanted.filter((_, index) => places[index] === 'disk');
    if (onDisk.length > 0 && !hasWarned) {
      parts.warn(
        `Not in a ramfs but on a disk, and therefore not used: ${onDisk.join(', ')}.`,
        'Remove it: extbackup lock. Then load the key anew: extbackup unlock',
      );
    }
    hasWarned = onDisk.length > 0;
    return places.every((place) => place === 'ramfs');
  };
}
