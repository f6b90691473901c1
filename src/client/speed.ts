import type { RunStatus } from '../protocol/status.ts';

/** Measures the speed of a run from the bytes that it shows. */
export interface Speed {
  /** @returns bytes per second over the last ten seconds; undefined when too little is known */
  see(run: RunStatus, now: number): number | undefined;
}

const windowMs = 10_000;
const leastMs = 2_000;

/** A new measurement; it begins again with each run, phase and source. Times in milliseconds. */
export function createSpeed(): Speed {
  let seen: { at: number; bytes: number }[] = [];
  let of = '';
  return {
    see: ({ id, phase, source = '', bytes }, now) => {
      const what = `${id} ${phase} ${source}`;
      if (what !== of || bytes < (seen.at(-1)?.bytes ?? 0)) seen = [];
      of = what;
      seen = [...seen.filter(({ at }) => now - at <= windowMs), { at: now, bytes }];
      const [first] = seen;
      if (first === undefined || now - first.at < leastMs) return undefined;
      const speed = (1000 * (bytes - first.bytes)) / (now - first.at);
      return speed > 0 ? speed : undefined;
    },
  };
}
