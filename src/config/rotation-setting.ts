import { ConfigError } from '../errors.ts';
import { configSchema, type Config } from './schema.ts';

/** `rotation.every` in milliseconds, or its default while there is no configuration, or a wrong one, which is told elsewhere. */
export async function rotationEvery(loadConfig: () => Promise<Config>): Promise<number> {
  try {
    return (await loadConfig()).rotation.every;
  } catch (error) {
    if (error instanceof ConfigError) return configSchema.shape.rotation.parse(undefined).every;
    throw error;
  }
}
