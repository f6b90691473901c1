import { ConfigError } from '../errors.ts';
import type { Config } from './schema.ts';

/**
 * The setting `drill.every` in milliseconds; undefined if no drill is expected, or while there is no configuration, or
 * an invalid one, which is reported elsewhere.
 */
export async function drillEvery(loadConfig: () => Promise<Config>): Promise<number | undefined> {
  try {
    return (await loadConfig()).drill.every;
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}
