import { pino, type Logger } from 'pino';
import type { Bus } from '../bus/bus.ts';
import type { EventName } from '../bus/events.ts';

/**
 * The agent's log: one JSON line each on standard output, which systemd writes to the journal. Synchronous, so
 * nothing is lost when the agent dies.
 */
export function createLog(): Logger {
  return pino(
    { base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (level) => ({ level }) } },
    pino.destination({ fd: 1, sync: true }),
  );
}

const levels: Partial<Record<EventName, 'warn' | 'error'>> = {
  'run:failed': 'error',
  'run:held': 'warn',
  'run:approved': 'warn',
  'drive:do-not-unplug': 'error',
  'drive:ignored': 'warn',
  'key:missing': 'warn',
  'warning:raised': 'warn',
  'run:warned': 'warn',
  'sync:interrupted': 'warn',
  'source:failed': 'warn',
  'spool:rejected': 'warn',
  'rotation:overdue': 'warn',
};

/** Fields that only notices carry: a whole report is no log line. */
const unlogged: Partial<Record<EventName, Readonly<Record<string, undefined>>>> = {
  'report:made': { text: undefined },
};

/** Writes every event of the bus into the log, with the fields `event`, `runId` and `drive`. */
export function logEvents(bus: Bus, log: Pick<Logger, 'info' | 'warn' | 'error'>): void {
  bus.onAny((event, payload) => {
    log[levels[event] ?? 'info']({ event, ...payload, ...unlogged[event] });
  });
}
