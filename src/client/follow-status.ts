import { dirname } from 'node:path';
import { watch } from 'chokidar';
import { files, type Paths } from '../system/paths.ts';

/** Ends a watch. */
export interface Watch {
  close(): Promise<void>;
}

/**
 * Calls `onChange` whenever there may be news from the agent: when one of `watched` is replaced, and every
 * `tickMs`, because a dead agent writes nothing.
 * The directory above is watched too, so that a run directory that comes and goes with the agent is followed.
 */
export function watchRunDirectory(
  paths: Paths,
  watched: readonly string[],
  onChange: () => void,
  tickMs = 2_000,
): Watch {
  const top = dirname(paths.run);
  const wanted = new Set([top, paths.run, ...watched, ...watched.map((file) => dirname(file))]);
  const watcher = watch(top, { depth: 2, ignoreInitial: true, ignored: (path) => !wanted.has(path) });
  let echo: NodeJS.Timeout | undefined;
  const tell = (): void => {
    onChange();
    clearTimeout(echo);
    echo = setTimeout(onChange, echoMs);
  };
  watcher.on('all', tell);
  watcher.on('ready', tell); // a change during the set-up has no event of its own
  watcher.on('error', () => undefined); // the ticks go on
  const ticks = setInterval(onChange, tickMs);
  return {
    close: async () => {
      clearInterval(ticks);
      clearTimeout(echo);
      await watcher.close();
    },
  };
}

/** chokidar drops a change within 50 ms after another one. */
const echoMs = 100;

/** The file that `status --watch` follows. */
export const statusFiles = (paths: Paths): readonly string[] => [files.status(paths)];
