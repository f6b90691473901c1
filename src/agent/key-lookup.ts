import type { Config } from '../config/schema.ts';
import { placeOf as placeOnMachine } from '../keys/ram-directory.ts';
import { identityFile } from '../keys/ssh-key.ts';
import { files, type Paths } from '../system/paths.ts';

/** The places of the keys. */
export interface KeyLookupParts {
  readonly paths: Paths;
  loadConfig(): Promise<Config>;
  /** Called once for keys that are stored on a disk, and again if it happens again. */
  warn(reason: string, todo: string): void;
  readonly placeOf?: typeof placeOnMachine;
}

/**
 * Checks whether both keys are in RAM: `unlock` writes the LUKS key first and decrypts the ssh key with it, so there is
 * a moment between them. A key on a disk does not count: nothing is opened with it.
 */
export function createKeyLookup(parts: KeyLookupParts): () => Promise<boolean> {
  const { paths, placeOf = placeOnMachine } = parts;
  let hasWarned = false;
  return async () => {
    const wanted = [files.luksKey(paths)];
    const ssh = await parts.loadConfig().then(
      (config) => config.ssh,
      () => undefined,
    ); // the run reports wrong settings
    if (ssh !== undefined && (await placeOf(ssh.key)) !== 'nowhere') wanted.push(identityFile(paths, ssh));
    const places = await Promise.all(wanted.map((file) => placeOf(file)));
    const onDisk = wanted.filter((_, index) => places[index] === 'disk');
    if (onDisk.length > 0 && !hasWarned) {
      parts.warn(
        `A key is stored on a disk instead of in a ramfs, and is not used: ${onDisk.join(', ')}.`,
        'Remove it: extbackup lock. Then load the key anew: extbackup unlock',
      );
    }
    hasWarned = onDisk.length > 0;
    return places.every((place) => place === 'ramfs');
  };
}
