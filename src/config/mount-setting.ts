import { ConfigError } from '../errors.ts';
import { configSchema, type Config } from './schema.ts';

/** When disks that a person opened are closed. Durations are milliseconds. */
export type MountSetting = Config['mount'];

/**
 * The setting `mount`, or its defaults while there is no configuration, or an invalid one, which is reported elsewhere.
 */
export async function mountSetting(loadConfig: () => Promise<Config>): Promise<MountSetting> {
  try {
    return (await loadConfig()).mount;
  } catch (error) {
    if (error instanceof ConfigError) return configSchema.shape.mount.parse(undefined);
    throw error;
  }
}
