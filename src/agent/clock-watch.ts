import { uptime } from 'node:os';
import type { Bus } from '../bus/bus.ts';
import type { Config } from '../config/schema.ts';
import { longestStep, stepFor } from '../history/measured-time.ts';
import { clockJumped } from '../pipeline/run-time.ts';
import { askClockService, awaitClock, continueTime, readClocks, type ClockService } from '../records/station-time.ts';
import type { StartProgram } from '../system/command.ts';
import { coalesce } from '../system/coalesce.ts';
import { files, type Paths } from '../system/paths.ts';
import { createClockCheck } from './set-clock.ts';

/** The parts that the watch uses. */
export interface ClockParts {
  readonly bus: Bus;
  readonly paths: Paths;
  readonly start: StartProgram;
  readonly loadConfig: () => Promise<Config>;
  readonly seconds?: () => number;
}

/** Reports the state of the clock, once for each change. */
export interface ClockWatch {
  /** Measures whether the clock jumped since the last call, and advances the measured time. */
  readonly look: () => Promise<void>;
  /** Warns when no service keeps the clock right. */
  readonly tellIfLoose: (service?: ClockService) => Promise<void>;
}

/** Seconds after the start of the machine in which the synchronisation may still be under way. */
const settled = 300;

const [jumpTopic, looseTopic] = ['clock jumped', 'clock not synchronised'];

/** Watches the clock between runs. A run also checks it. */
export function createClockWatch({ bus, paths, start, loadConfig, seconds = uptime }: ClockParts): ClockWatch {
  let [isLoose, hasJumped] = [false, false];
  const tellIfLoose = async (service?: ClockService): Promise<void> => {
    const { isSynchronised, isKept } = service ?? (await askClockService(start));
    if (isSynchronised === undefined) return; // no answer, for example from a very busy machine
    const isUnset = !isSynchronised;
    const isUsual = isUnset && isKept !== true; // no time service is enabled: an operator's choice
    const is = isUnset && (isUsual || seconds() >= settled);
    if (is && !isLoose) bus.emit('warning:raised', { about: 'clock', ...notSynchronised, topic: looseTopic, isUsual });
    if (!is && isLoose) bus.emit('warning:settled', { topic: looseTopic });
    isLoose = is;
  };
  return {
    tellIfLoose,
    look: async () => {
      const step = await loadConfig().then(
        ({ history }) => stepFor(history.keep),
        () => longestStep,
      );
      const service = await askClockService(start);
      const { mark, newJumpMs } = await continueTime(files.time(paths), await readClocks(start, service), step);
      if (newJumpMs !== 0)
        bus.emit('warning:raised', { about: 'clock-jump', ...clockJumped(newJumpMs), topic: jumpTopic });
      else if (mark.jumpMs === 0 && hasJumped) bus.emit('warning:settled', { topic: jumpTopic });
      hasJumped = mark.jumpMs !== 0;
      await tellIfLoose(service);
    },
  };
}

const lookEveryMs = 3_600_000;
const wasSetEveryMs = 60_000;

/**
 * Watches the clock as long as the agent runs: each hour, at each run, and soon after it was set.
 * @param onAges called when the clock is synchronised after the start, or will not be, and whenever it was set: ages have
 * changed
 * @returns a function that ends the watch
 */
export function watchClock(
  parts: ClockParts & { readonly onError: (error: unknown) => void; readonly onAges: () => void },
): () => void {
  const { bus, start, onError, onAges } = parts;
  const stopped = new AbortController();
  const watch = createClockWatch(parts);
  const look = coalesce(watch.look, onError);
  const forget = bus.on(
    'run:started',
    coalesce(() => watch.tellIfLoose(), onError),
  );
  const timer = setInterval(look, lookEveryMs);
  void awaitClock(start, stopped.signal).then(() => {
    if (stopped.signal.aborted) return;
    look();
    onAges();
  }, onError);
  const wasSet = createClockCheck();
  const minute = setInterval(() => {
    if (!wasSet()) return;
    look();
    onAges();
  }, wasSetEveryMs);
  return () => {
    stopped.abort();
    clearInterval(timer);
    clearInterval(minute);
    forget();
  };
}

const notSynchronised = {
  reason: 'The clock of this machine is not synchronised with a time server, so the times of backups may be wrong.',
  todo: 'Synchronise it: timedatectl set-ntp true (package systemd-timesyncd, or chrony) ; see also: extbackup doctor',
};
