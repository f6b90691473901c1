import type { Bus } from '../bus/bus.ts';

/** A warning as the status shows it. */
export interface ShownWarning {
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly text: string;
}

/** What the operator was warned of and should still know. */
export interface Warnings {
  /** The last ten, the newest last. */
  list(): readonly ShownWarning[];
}

const shownWarnings = 10;

/** Of several lines, the advice is one more; else it follows in the same one. */
const together = (happened: string, todo: string): string =>
  `${happened}${happened.includes('\n') ? '\n' : ' '}${todo}`;

/**
 * Remembers every warning that is told on the bus. One that is told again counts once; what a run warned of is forgotten
 * when the next run of that disk begins, and what was wrong with the settings when they are read without trouble.
 */
export function watchWarnings(bus: Bus, now: () => Date = () => new Date()): Warnings {
  let warnings: (ShownWarning & { readonly topic?: string | undefined })[] = [];
  const drop = (topic: string): void => {
    warnings = warnings.filter((warning) => warning.topic !== topic);
  };
  const add = (text: string, topic?: string): void => {
    warnings = [...warnings.filter((warning) => warning.text !== text), { at: now().toISOString(), text, topic }].slice(
      -shownWarnings,
    );
  };
  bus.on('warning:raised', ({ reason, todo, topic }) => {
    if (topic !== undefined) drop(topic);
    add(together(reason, todo), topic);
  });
  bus.on('warning:settled', ({ topic }) => {
    drop(topic);
  });
  bus.on('run:started', ({ drive }) => {
    drop(`run of ${drive}`);
  });
  bus.on('run:warned', ({ drive, reason, todo }) => {
    add(together(reason, todo), `run of ${drive}`);
  });
  bus.on('drive:ignored', ({ reason, happened, todo }) => {
    if (reason !== 'just-prepared') add(together(happened, todo));
  });
  return { list: () => warnings.map(({ at, text }) => ({ at, text })) };
}
