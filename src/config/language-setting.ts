import { ConfigError } from '../errors.ts';
import type { Language } from '../words/languages.ts';
import type { Config } from './schema.ts';

/** The setting `language`; English while there is no configuration, or an invalid one, which is reported elsewhere. */
export async function languageSetting(loadConfig: () => Promise<Config>): Promise<Language> {
  try {
    return (await loadConfig()).language;
  } catch (error) {
    if (error instanceof ConfigError) return 'en';
    throw error;
  }
}
