import type { Bus } from '../bus/bus.ts';
import type { Config } from '../config/schema.ts';
import { ConfigError, ExtbackupError, messageOf } from '../errors.ts';

/** The settings of the running agent. */
export interface LiveSettings {
  /** The last valid settings; undefined before the first ones. */
  readonly current: Config | undefined;
  /**
   * Reads the file again. A mistake is reported once, and the last valid settings stay in use. Returns whether they are
   * valid.
   */
  reload(): Promise<boolean>;
  /**
   * The settings of the file; while it has a mistake, the last valid ones.
   * @throws ConfigError when there were none yet
   */
  readonly inUse: () => Promise<Config>;
}

/** Reads the settings with `load`, and emits an event when they become invalid, and when they are valid again. */
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
        if (reason === wrong) return false; // an editor may write twice
        wrong = reason;
        const todo = error instanceof ExtbackupError ? error.todo : 'Make or correct it: extbackup setup --help';
        bus.emit('warning:raised', { about: 'settings', reason, todo, topic: 'settings' });
        return false;
      }
    },
    inUse: async () => {
      try {
        return await load();
      } catch (error) {
        if (!(error instanceof ConfigError) || current === undefined) throw error;
        return current;
      }
    },
  };
}
