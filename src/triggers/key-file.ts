import { watch } from 'chokidar';
import type { Paths } from '../system/paths.ts';
import type { Stop } from './spool.ts';

/** Watches the ramfs: `onChange` is called when a key appears, is replaced or goes away. inotify works on ramfs. */
export async function watchKeyFile(paths: Paths, onChange: () => void): Promise<Stop> {
  const watcher = watch(paths.ramfs, { depth: 0, followSymlinks: false, ignoreInitial: true });
  watcher.on('all', () => {
    onChange();
  });
  watcher.on('error', () => undefined); // `unlock` leaves a note in the spool too
  await new Promise<void>((resolve) => watcher.once('ready', resolve));
  return () => watcher.close();
}
