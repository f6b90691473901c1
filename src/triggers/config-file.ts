import { basename, dirname } from 'node:path';
import type { Stop } from './spool.ts';
import { watchDirectory } from './watch-directory.ts';

/**
 * Watches the configuration: `onChange` is called when it was written, replaced or removed.
 * The directory is watched, because an editor and `setup` replace the file by a new one.
 */
export function watchConfigFile(
  file: string,
  onChange: () => void,
  onPolling: (why: string | undefined) => void,
): Promise<Stop> {
  const name = basename(file);
  return watchDirectory({
    directory: dirname(file),
    tellExisting: false,
    onEvent: (_event, path) => {
      if (basename(path) === name) onChange();
    },
    onGap: onChange,
    onPolling,
  });
}
