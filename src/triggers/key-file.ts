import { basename } from 'node:path';
import { watch } from 'chokidar';
import { files, type Paths } from '../system/paths.ts';
import type { Stop } from './spool.ts';

/** Watches the ramfs: `onChange` is called when the LUKS key appears, is replaced or goes away. inotify works on ramfs. */
export async function watchKeyFile(paths: Paths, onChange: () => void): Promise<Stop> {
  const key = basename(files.luksKey(paths));
  const watcher = watch(paths.ramfs, { depth: 0, followSymlinks: false, ignoreInitial: true });
  watcher.on('all', (_event, path) => {
    if (basename(path) === key) onChange();
  });
  watcher.on('error', () => undefined); // `unlock` leaves a note in the spool too
  await new Promise<void>((resolve) => watcher.once('ready', resolve));
  return () => watcher.close();
}
