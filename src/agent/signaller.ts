/** Shows the state of the station by sound and light, if the settings have a channel of type signal. */
import type { Bus } from '../bus/bus.ts';
import type { Config } from '../config/schema.ts';
import type { SignalChannel } from '../config/signal-schema.ts';
import { quietForMs } from '../notify/quiet-hours.ts';
import { signalOf, type Signal } from '../notify/signal-of.ts';
import { endSignal, showSignal } from '../notify/signal-units.ts';
import type { PatternName } from '../notify/signal-patterns.ts';
import type { Status } from '../protocol/status.ts';
import { coalesce } from '../system/coalesce.ts';
import type { StartProgram } from '../system/command.ts';
import type { Paths } from '../system/paths.ts';

/** The parts of the agent that it uses. */
export interface SignallerParts {
  readonly bus: Bus;
  readonly start: StartProgram;
  readonly paths: Paths;
  /** Without a channel of type signal, nothing is shown. */
  readonly settings: () => Pick<Config, 'notify'> | undefined;
  readonly onError: (error: unknown) => void;
  readonly now?: () => Date;
  /** Replaces the units, for tests. */
  readonly show?: typeof showSignal;
  readonly end?: typeof endSignal;
}

export interface Signaller {
  /** The status has changed. */
  onStatus(status: Status): void;
  /** The settings were read again. */
  onSettings(): void;
  /** Ends what is shown. */
  stop(): Promise<void>;
}

/** A disk that was plugged in is announced by udev and by USB within this time. */
const samePlugMs = 10_000;

export function createSignaller(parts: SignallerParts): Signaller {
  const { bus, start, paths, settings, onError, now = () => new Date(), show = showSignal, end = endSignal } = parts;
  let wanted: Signal | undefined;
  let shown: string | undefined;
  let noticed = false;
  let refused = false;
  let isStopped = false;
  let used = '';
  const present = async (pattern: PatternName, { lights, sound, quiet }: SignalChannel): Promise<void> => {
    const isQuiet = quiet !== undefined && pattern !== 'do-not-unplug' && quietForMs(quiet, now()) > 0;
    await show(start, paths, pattern, { lights, sound: sound && !isQuiet });
  };
  const act = coalesce(async () => {
    const channel = settings()?.notify.find((entry) => entry.type === 'signal');
    if (isStopped || channel === undefined) {
      if (shown !== undefined) await end(start);
      shown = undefined;
      return;
    }
    if (used !== JSON.stringify(channel)) shown = undefined; // other lights, for example
    used = JSON.stringify(channel);
    if (noticed) {
      noticed = false;
      await present('noticed', channel);
      shown = undefined; // in place of it
    }
    const next: Signal | undefined = wanted ?? (refused ? { pattern: 'trouble', drive: '' } : undefined);
    const key = next && `${next.pattern} ${next.drive}`;
    if (key === shown) return;
    shown = key;
    if (next) await present(next.pattern, channel);
    else await end(start);
  }, onError);
  const offs = hear(bus, {
    onPlug: () => {
      noticed = true;
      act();
    },
    onRefused: (isRefused) => {
      refused = isRefused;
      act();
    },
  });
  return {
    onStatus: (status) => {
      wanted = signalOf(status);
      act();
    },
    onSettings: act,
    stop: async () => {
      isStopped = true;
      for (const off of offs) off();
      const isShown = shown !== undefined;
      shown = undefined;
      if (isShown) await end(start).catch(onError);
    },
  };
}

/** News that are in no status. */
function hear(bus: Bus, on: { onPlug(): void; onRefused(isRefused: boolean): void }): (() => void)[] {
  let pluggedAt = -Infinity;
  return [
    bus.on('drive:attached', () => {
      if (performance.now() - pluggedAt < samePlugMs) return;
      pluggedAt = performance.now();
      on.onPlug();
    }),
    bus.on('drive:ignored', ({ reason }) => {
      on.onRefused(reason !== 'just-prepared' && reason !== 'served-before');
    }),
    bus.on('drive:removed', () => {
      on.onRefused(false);
    }),
  ];
}
