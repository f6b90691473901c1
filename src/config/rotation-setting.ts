import { ConfigError } from '../errors.ts';
import { configSchema, type Config } from './schema.ts';

/** How often disks are expected. Durations are milliseconds. */
export type RotationSetting = Config['rotation'];

/**
 * The setting `rotation`, or its defaults while there is no configuration, or an invalid one, which is reported
 * elsewhere.
 */
export async function rotationSetting(loadConfig: () => Promise<Config>): Promise<RotationSetting> {
  try {
    return (await loadConfig()).rotation;
  } catch (error) {
    if (error instanceof ConfigError) return usualRotation;
    throw error;
  }
}

/** The defaults. */
export const usualRotation: RotationSetting = configSchema.shape.rotation.parse(undefined);

/** How long a disk may go without a success, in milliseconds. */
export const cadenceOf = ({ every, drives }: Pick<RotationSetting, 'every' | 'drives'>, label: string): number =>
  drives[label] ?? every;
