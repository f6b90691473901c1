import { CommandError, type StartProgram } from '../system/command.ts';

/** Longest time of one inhibitor; a timer of Node ends at 24.8 days. */
const longestMs = 20 * 86_400_000;

/**
 * Since systemd 257, `block` also applies to root: a UPS could not shut the station down. Older versions know only
 * `block`.
 */
const modes = ['block-weak', 'block'] as const;

/**
 * Keeps the machine from sleep, and from a shutdown by users other than root, during a run; a
 * shutdown by root ends the run in order. The inhibitor ends with the agent in any case. It waits for nothing: without
 * logind, nothing puts the machine to sleep.
 * @returns a function that ends it
 * @see systemd-inhibit(1)
 */
export function inhibitSleep(start: StartProgram, drive: string): () => void {
  const end = new AbortController();
  const hold = async (): Promise<void> => {
    for (const mode of modes) {
      const why = `Backing up to disk ${drive}`;
      const options = ['--what=shutdown:sleep', `--mode=${mode}`, '--who=extbackup', `--why=${why}`];
      try {
        await start({
          file: '/usr/bin/systemd-inhibit',
          args: [...options, '/usr/bin/sleep', 'infinity'],
          timeoutMs: longestMs,
          signal: end.signal,
          ownGroup: true,
        });
        return;
      } catch (error) {
        if (!(error instanceof CommandError) || end.signal.aborted) return;
      }
    }
  };
  void hold();
  return () => {
    end.abort();
  };
}
