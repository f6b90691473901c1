import { CommandError, type StartProgram } from '../system/command.ts';

/** Longest time of one inhibitor; a timer of Node ends at 24.8 days. */
const longestMs = 20 * 86_400_000;

/** systemd 257 made `block` bind root as well: an empty UPS could not shut the station down. Before, there was only `block`. */
const modes = ['block-weak', 'block'] as const;

/**
 * Keeps the machine from going to sleep, and from being shut down by anybody but root, while a run is going on; a
 * shutdown by root ends the run in order. It ends with the agent, whatever ends that. Waits for nothing: where there is
 * no logind, there is nothing that would put the machine to sleep.
 * @returns ends it
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
