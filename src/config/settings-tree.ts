/** The settings as a tree, for names, defaults and examples. */
import * as z from 'zod';
import { configSchema } from './schema.ts';

/** JSON Schema of the settings in the file; see json-schema.org, draft 2020-12. */
export type SettingsSchema = z.core.JSONSchema.JSONSchema;

/** The schema of the whole file, for editors and for {@link schemaAt}. */
export function settingsSchema(): SettingsSchema {
  return { title: 'Settings of extbackup', ...z.toJSONSchema(configSchema, { io: 'input' }) };
}

/**
 * The schema of one setting.
 * @param path names and list indexes
 * @returns undefined if there is no such setting
 */
export function schemaAt(path: readonly (string | number)[], schema: SettingsSchema): SettingsSchema | undefined {
  const [first, ...rest] = path;
  if (first === undefined) return schema;
  return choicesOf(schema)
    .map((choice) => childOf(choice, first))
    .filter((child) => child !== undefined)
    .map((child) => schemaAt(rest, child))
    .find((found) => found !== undefined);
}

/** The possible names below a schema, in all its choices. */
export function namesBelow(schema: SettingsSchema | undefined): string[] {
  if (schema === undefined) return [];
  return [...new Set(choicesOf(schema).flatMap(({ properties = {} }) => Object.keys(properties)))];
}

/** The settings of a file, with the defaults of missing ones. */
export function withDefaults(given: unknown, schema: SettingsSchema): unknown {
  const value = given === undefined ? schema.default : given;
  if (schema.properties === undefined || (value !== undefined && !isGroup(value))) return value;
  if (value === undefined) return undefined;
  const all = Object.entries(schema.properties).map(([name, child]): [string, unknown] => [
    name,
    typeof child === 'boolean' ? value[name] : withDefaults(value[name], child),
  ]);
  return Object.fromEntries(all.filter(([, inner]) => inner !== undefined));
}

const isGroup = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function choicesOf(schema: SettingsSchema): SettingsSchema[] {
  const choices = [...(schema.oneOf ?? []), ...(schema.anyOf ?? [])].filter((choice) => typeof choice !== 'boolean');
  return [schema, ...choices.flatMap(choicesOf)];
}

function childOf(schema: SettingsSchema, name: string | number): SettingsSchema | undefined {
  const child =
    typeof name === 'number'
      ? schema.items
      : schema.properties === undefined
        ? schema.additionalProperties
        : Object.hasOwn(schema.properties, name) && schema.properties[name];
  return typeof child === 'object' && !Array.isArray(child) ? child : undefined;
}
