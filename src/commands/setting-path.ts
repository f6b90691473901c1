import { parseDocument } from 'yaml';
import type { SettingsSchema } from '../config/settings-tree.ts';
import { UsageError } from '../errors.ts';

/** `notify.0.port` as names and list indexes. No setting has a number as its name. */
export function pathOf(key: string): [string, ...(string | number)[]] {
  const [first = '', ...rest] = key.split('.');
  return [first, ...rest.map((part) => (/^\d+$/.test(part) ? Number(part) : part))];
}

/** The value at a path; undefined if there is none. */
export function settingAt(all: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (value, name) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, name)
        ? (value as Record<string, unknown>)[name]
        : undefined,
    all,
  );
}

/**
 * A value as it would stand in the file.
 * @throws UsageError when it is not valid YAML
 */
export function readValue(text: string, schema: SettingsSchema | undefined): unknown {
  if (schema?.type === 'string') return text;
  const document = parseDocument(text);
  try {
    if (document.errors.length + document.warnings.length === 0) return document.toJS();
  } catch {
    // an alias without its anchor: the library's words would repeat the value
  }
  throw new UsageError('The value is not valid YAML.', 'Put it in quotes, for example: "[mail, projects]"');
}
