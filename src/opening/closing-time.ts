import { CommandError, type StartProgram } from '../system/command.ts';
import { isThere } from '../system/is-there.ts';

const unit = 'extbackup-forgotten-umount';
const program = '/usr/bin/extbackup';

/**
 * Makes systemd close a forgotten disk: a transient timer calls `extbackup umount`, and repeats it every quarter of an
 * hour while the disk is in use. The agent cannot do this: mounts outside its own unit are invisible to it.
 * @param seconds from now
 * @returns whether the timer was set; it needs systemd and the installed package
 */
export async function setClosingTime(start: StartProgram, seconds: number): Promise<boolean> {
  if (!(await isThere('/run/systemd/system')) || !(await isThere(program))) return false;
  await cancelClosingTime(start);
  try {
    await start({
      file: '/usr/bin/systemd-run',
      args: [
        `--unit=${unit}`,
        `--on-active=${seconds}s`,
        '--on-unit-inactive=15min',
        '--timer-property=AccuracySec=10s',
        '--quiet',
        '--collect',
        program,
        'umount',
        '--forgotten',
      ],
      timeoutMs: 30_000,
    });
    return true;
  } catch (error) {
    if (error instanceof CommandError) return false;
    throw error;
  }
}

/** Cancels the timer, if there is one. */
export async function cancelClosingTime(start: StartProgram): Promise<void> {
  if (!(await isThere('/run/systemd/system'))) return;
  try {
    await start({
      file: '/usr/bin/systemctl',
      args: ['stop', '--quiet', `${unit}.timer`],
      timeoutMs: 30_000,
      accept: [5],
    }); // 5: the unit is not loaded
  } catch (error) {
    if (!(error instanceof CommandError)) throw error; // the disk is closed in any case
  }
}
