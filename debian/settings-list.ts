import { isDeepStrictEqual } from 'node:util';
import { namesBelow, type SettingsSchema } from '../src/config/settings-tree.ts';

/** One setting, as the man page lists it. */
export interface ListedSetting {
  /** Dotted; N stands for a place in a list, counted from 0: `pull.longest`, `hooks.N.when`. */
  readonly name: string;
  /** As in the settings file; undefined where there is none. */
  readonly defaultValue: string | undefined;
  /** Undefined for a group of settings without a text of its own. */
  readonly description: string | undefined;
  /** Type of the channel that has this setting; undefined for the settings of all channels. */
  readonly channel: string | undefined;
}

/** Every setting that there is, in the order of the schema. Settings of several channel types come once. */
export function listSettings(schema: SettingsSchema): ListedSetting[] {
  return below(schema, '', schema);
}

function below(schema: SettingsSchema, prefix: string, whole: SettingsSchema): ListedSetting[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, setting]) => {
    if (typeof setting === 'boolean') return [];
    const path = `${prefix}${name}`;
    const one = listed(path, setting);
    if (prefix !== '' && namesBelow(whole).includes(name) && isGroup(setting)) return [one]; // as the group outside
    const entry = entryOf(setting);
    if (entry?.oneOf) return [one, ...channels(entry.oneOf, `${path}.N.`)];
    const children = [...below(setting, `${path}.`, whole), ...(entry ? below(entry, `${path}.N.`, whole) : [])];
    return one.description === undefined && children.length > 0 ? children : [one, ...children];
  });
}

/** The schema of the entries of a list, also of one that is a choice beside a plain value. */
const entryOf = (setting: SettingsSchema): SettingsSchema | undefined =>
  [setting, ...(setting.anyOf ?? [])]
    .map((choice) => (typeof choice === 'object' ? choice.items : undefined))
    .find((items) => typeof items === 'object' && !Array.isArray(items)) as SettingsSchema | undefined;

/** Settings of all types come first, then each type with what it has besides, or has with another default. */
function channels(types: readonly SettingsSchema[], prefix: string): ListedSetting[] {
  const [first, ...others] = types;
  const common = (first ? below(first, prefix, first) : []).filter(({ name }) =>
    others.every((type) => namesBelow(type).includes(name.slice(prefix.length))),
  );
  const typeOf = (type: SettingsSchema): string => {
    const property = type.properties?.['type'];
    return typeof property === 'object' ? String(property.const) : '';
  };
  return [
    ...common.map((setting) =>
      setting.name === `${prefix}type`
        ? { ...setting, description: `kind of channel: ${types.map(typeOf).join(', ')}` }
        : setting,
    ),
    ...types.flatMap((type) =>
      below(type, prefix, type)
        .filter((setting) => !common.some((other) => isDeepStrictEqual(other, setting)))
        .map((setting) => ({ ...setting, channel: typeOf(type) })),
    ),
  ];
}

const isGroup = (schema: SettingsSchema): boolean =>
  [schema, ...(schema.anyOf ?? [])].some((one) => typeof one === 'object' && one.properties !== undefined);

const listed = (name: string, setting: SettingsSchema): ListedSetting => ({
  name,
  defaultValue: setting.default === undefined || setting.properties !== undefined ? undefined : inFile(setting.default),
  description: setting.description,
  channel: undefined,
});

/** Lists and groups in one line, as YAML has it. */
const inFile = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(inFile).join(', ')}]`;
  return typeof value === 'string' && value !== '' ? value : JSON.stringify(value);
};
