import { afterEach, beforeAll, expect } from 'vitest';
import type { RunResult } from '../host.ts';
import { useStation, type Station } from './use-station.ts';

/** A station without disks, put back to this state after each test, and its CLI. */
export interface DriveCommands {
  readonly lab: Station;
  /** Runs the CLI; accepts every exit code. */
  readonly extbackup: (...args: readonly string[]) => Promise<RunResult>;
  /** Checks that the station has no mapping, and no disk of extbackup mounted. */
  readonly nothingIsOpen: () => Promise<void>;
}

export function useDriveCommands(): DriveCommands {
  const lab = useStation();
  beforeAll(async () => {
    await lab.server.shell('mkdir -p /backups/docs && echo one > /backups/docs/a && echo two > /backups/docs/b');
    await lab.guest.snapshot('set up');
  });
  afterEach(() => lab.guest.restore('set up'));
  return {
    lab,
    extbackup: (...args) => lab.guest.run(['extbackup', ...args], { okCodes: 'any', timeoutMs: 300_000 }),
    nothingIsOpen: async () => {
      const open = 'ls /sys/class/block | grep ^dm- || true; grep extbackup- /proc/mounts || true';
      expect(await lab.guest.ask(open)).toBe('');
    },
  };
}
