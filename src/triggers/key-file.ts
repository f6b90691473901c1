import type { Paths } from '../system/paths.ts';
import type { Stop } from './spool.ts';
import { watchDirectory } from './watch-directory.ts';

/** Watches the ramfs: `onChange` is called when a key appears, is replaced or goes away. inotify works on ramfs. */
export function watchKeyFile(
  paths: Paths,
  onChange: () => void,
  onPolling: (why: string | undefined) => void,
): Promise<Stop> {
  return watchDirectory({ directory: paths.ramfs, tellExisting: false, onEvent: onChange, onGap: onChange, onPolling });
}
