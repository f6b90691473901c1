import type { Bus } from '../bus/bus.ts';
import type { Config } from '../config/schema.ts';
import { ExtbackupError, messageOf } from '../errors.ts';

/** The settings as the agent uses them while it runs. */
export interface LiveSettings {
  /** The last good ones; undefined before there were any. */
  readonly current: Config | undefined;
  /** Reads them anew. A mistake is told once, and the last good ones stay. Returns whether they are good. */
  reload(): Promise<boolean>;
}

/** Reads the settings with `load` and tells on the bus when they become wrong, and when they are right again. */
export function createLiveSettings(load: () => Promise<Config>, bus: Bus): LiveSettings {
  let current: Config | undefined;
  let wrong: string | undefined;
  return {
    get current() {
      return current;
    },
    reload: async () => {
      try {
        current = await load();
        if (wrong !== undefined) bus.emit('warning:settled', { topic: 'settings' });
        wrong = undefined;
        return true;
      } catch (error) {
        const reason = messageOf(error);
        if (reason === wrong) return false; // an editor that writes twice
        wrong = reason;
        const todo = error instanceof ExtbackupError ? error.todo : 'Make or correct it: extbackup setup --help';
        bus.emit('warning:raised', { reason, todo, topic: 'settings' });
        return false;
      }
    },
  };
}
