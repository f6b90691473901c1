import { readFileSync } from 'node:fs';

/** Set by the build, so that the program needs no second file. */
declare const EXAMPLE_SETTINGS: string | undefined;

/** A settings file in which every setting is explained, most of them commented out with their defaults. */
export function exampleSettings(): string {
  if (typeof EXAMPLE_SETTINGS === 'string') return EXAMPLE_SETTINGS;
  return readFileSync(new URL('../../debian/examples/config.yaml', import.meta.url), 'utf8');
}
