import type { Bus } from '../bus/bus.ts';
import type { EventMap, Phase } from '../bus/events.ts';

/** Emits the events of one run, with its id and disk, and knows the present phase. */
export interface Story {
  readonly runId: string;
  readonly phase: Phase;
  enter(phase: Phase): void;
  tell<Name extends RunEvent>(name: Name, details: Omit<EventMap[Name], 'runId' | 'drive'>): void;
  /** Runs `work` and returns how long it took in milliseconds, with its result. */
  timed<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly tookMs: number }>;
}

/** The events that belong to a run. */
export type RunEvent = {
  [Name in keyof EventMap]: EventMap[Name] extends { runId: string; drive: string } ? Name : never;
}[keyof EventMap];

export function createStory(bus: Bus, runId: string, drive: string, onPhase: (phase: Phase) => void): Story {
  let phase: Phase = 'waking';
  return {
    runId,
    get phase() {
      return phase;
    },
    enter: (next) => {
      phase = next;
      onPhase(next);
    },
    tell: (name, details) => {
      bus.emit(name, { runId, drive, ...details } as unknown as EventMap[typeof name]);
    },
    timed: async (work) => {
      const started = performance.now();
      const result = await work();
      return { result, tookMs: Math.round(performance.now() - started) };
    },
  };
}
