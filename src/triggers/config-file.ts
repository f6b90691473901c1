import { basename, dirname } from 'node:path';
import { watch } from 'chokidar';
import type { Stop } from './spool.ts';

/**
 * Watches the configuration: `onChange` is called when it was written, replaced or removed.
 * The directory is watched, since an editor and `setup` put a new file in the place of the old one.
 */
export async function watchConfigFile(file: string, onChange: () => void): Promise<Stop> {
  const name = basename(file);
  const watcher = watch(dirname(file), { depth: 0, followSymlinks: false, ignoreInitial: true });
  watcher.on('all', (_event, path) => {
    if (basename(path) === name) onChange();
  });
  watcher.on('error', () => undefined); // every run reads the configuration anew; only channels of news wait for a restart
  await new Promise<void>((resolve) => watcher.once('ready', resolve));
  return () => watcher.close();
}
