import { CommandError, type StartProgram } from './command.ts';

/**
 * The result of starting a unit. `late`: it was not done in time, and may still go on; `absent`: it is missing, masked,
 * or unreadable.
 */
export type UnitStart = 'done' | 'failed' | 'late' | 'absent';

const systemctl = '/usr/bin/systemctl';

/**
 * Starts a unit and waits until it is active; a unit of type oneshot, until it is done.
 * @param timeoutMs ends the waiting, not the unit
 */
export async function startUnit(
  start: StartProgram,
  unit: string,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<UnitStart> {
  try {
    await start({ file: systemctl, args: ['start', unit], timeoutMs, ...(signal && { signal }) });
    return 'done';
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    if (error.timedOut) return 'late';
    return signal?.aborted === true || /^Job for /m.test(error.stderr) ? 'failed' : 'absent';
  }
}

/** Starts a unit and does not wait for it. @returns false if it cannot be started */
export async function startUnitSoon(start: StartProgram, unit: string): Promise<boolean> {
  try {
    await start({ file: systemctl, args: ['start', '--no-block', unit], timeoutMs: 15_000 });
    return true;
  } catch (error) {
    if (error instanceof CommandError) return false;
    throw error;
  }
}

/** Stops units, if they run; a pattern may match several. systemd kills those that do not stop. */
export async function stopUnits(start: StartProgram, ...units: readonly string[]): Promise<void> {
  try {
    await start({ file: systemctl, args: ['stop', '--quiet', ...units], timeoutMs: 15_000 });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
  }
}

/** Names of the active and starting units that a pattern matches; none if unknown. */
export async function activeUnits(start: StartProgram, pattern: string): Promise<string[]> {
  try {
    const args = ['list-units', '--plain', '--no-legend', '--state=active,activating', pattern];
    const { stdout } = await start({ file: systemctl, args, timeoutMs: 15_000 });
    return stdout.split('\n').flatMap((line) => line.trim().split(/\s+/)[0] || []);
  } catch (error) {
    if (error instanceof CommandError) return [];
    throw error;
  }
}

/** Whether a unit is active; false if unknown. */
export async function isUnitActive(start: StartProgram, unit: string): Promise<boolean> {
  try {
    await start({ file: systemctl, args: ['is-active', '--quiet', unit], timeoutMs: 15_000 });
    return true;
  } catch (error) {
    if (error instanceof CommandError) return false;
    throw error;
  }
}

/** Exit codes with which systemd tells that it could not even start the program; see systemd.exec(5). */
const ofSystemd = { least: 200, most: 245 };

/** Whether a unit that failed did so before its program began: its surroundings could not be made. */
export async function failedBeforeStart(start: StartProgram, unit: string): Promise<boolean> {
  try {
    const args = ['show', '--property=Result', '--property=ExecStart', unit];
    const { stdout } = await start({ file: systemctl, args, timeoutMs: 15_000 });
    const status = Number(/code=exited ; status=(\d+)/.exec(stdout)?.[1] ?? 0);
    return /^Result=resources$/m.test(stdout) || (status >= ofSystemd.least && status <= ofSystemd.most);
  } catch (error) {
    if (error instanceof CommandError) return false;
    throw error;
  }
}

/** Removes a failed unit from systemd's list. */
export async function forgetFailure(start: StartProgram, unit: string): Promise<void> {
  try {
    await start({ file: systemctl, args: ['reset-failed', unit], timeoutMs: 15_000 });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error; // it is not in the list
  }
}
