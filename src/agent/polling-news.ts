import type { Bus } from '../bus/bus.ts';

/**
 * One warning for all directories that are polled: raised with the first one, settled with the last.
 * @returns a function to call when polling of the named directory begins or ends
 */
export function createPollingNews(bus: Bus): (name: string) => (why: string | undefined) => void {
  const polled = new Set<string>();
  const topic = 'polling';
  return (name) => (why) => {
    const before = polled.size;
    if (why === undefined) polled.delete(name);
    else polled.add(name);
    if (why !== undefined && before === 0)
      bus.emit('warning:raised', {
        about: 'polling',
        reason: `The agent falls back to polling: ${why}. Disks, keys and requests are still noticed, a second later.`,
        todo: 'Find the program that uses them up, or raise the limit with sysctl; the numbers are in: extbackup doctor',
        topic,
      });
    if (polled.size === 0 && before > 0) bus.emit('warning:settled', { topic });
  };
}
