import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { readVerbs } from '../../../debian/command-tree.ts';
import { manPage } from '../../../debian/man-page.ts';
import { listSettings } from '../../../debian/settings-list.ts';
import { settingsSchema, type SettingsSchema } from '../../../src/config/settings-tree.ts';

const read = (name: string): string => readFileSync(new URL(`../../../${name}`, import.meta.url), 'utf8');
const verbs = await readVerbs();
const page = manPage(read('docs/extbackup.8'), verbs, listSettings(settingsSchema()));
const heads = [...page.matchAll(/^\.It (.+)\n([^.].+)$/gm)].map(([, head = '']) => head);

/** Dotted names of all settings of a schema, with N for a place in a list. */
function namesOf(schema: SettingsSchema, prefix = ''): string[] {
  const isSchema = (inner: unknown): inner is SettingsSchema => typeof inner === 'object' && !Array.isArray(inner);
  const own = Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => [
    `${prefix}${name}`,
    ...(isSchema(inner) ? namesOf(inner, `${prefix}${name}.`) : []),
  ]);
  const choices = [...(schema.oneOf ?? []), ...(schema.anyOf ?? [])].filter(isSchema);
  return [
    ...own,
    ...choices.flatMap((choice) => namesOf(choice, prefix)),
    ...(isSchema(schema.items) ? namesOf(schema.items, `${prefix}N.`) : []),
  ];
}

/** Dotted names and values of what a file sets, without what stands in lists. */
function valuesIn(value: unknown, prefix = ''): [name: string, value: string][] {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([name, inner]: [string, unknown]) =>
    ['string', 'number', 'boolean'].includes(typeof inner)
      ? [[`${prefix}${name}`, String(inner)]]
      : valuesIn(inner, `${prefix}${name}.`),
  );
}

it('explains every setting', () => {
  const groups = [
    'pull',
    'pull.compare',
    'history',
    'history.keep',
    'guard',
    'verify',
    'drill',
    'usb',
    'scheduled',
    'rotation',
  ];
  const said = heads.map((head) => /^Va (\S+)/.exec(head)?.[1]);
  const missing = [...new Set(namesOf(settingsSchema()))].filter(
    (name) => !said.includes(name) && !/^sources\.N\.(guard|attestation)\./.test(name),
  );
  expect(missing).toEqual([...groups, 'mount', 'metrics']);
});

it('gives the default of every setting, as the example file has it', () => {
  const inForce = read('debian/examples/config.yaml').replace(/^( *)#(?=\S|\s{2})/gm, '$1');
  const defaults = valuesIn(parse(inForce)).filter(
    ([name, value]) => !/^(source|key|attestation|drill|metrics)\b/.test(name) && value !== '',
  );
  expect(defaults.length).toBeGreaterThan(30);
  expect(defaults.filter(([name, value]) => !heads.includes(`Va ${name} Pq default ${value}`))).toEqual([]);
});

it('explains every command and option', () => {
  const leaves = verbs.filter(({ children }) => children.length === 0);
  expect(leaves.map(({ name }) => name)).toEqual(expect.arrayContaining(['pause', 'config set', 'notify test']));
  for (const { name, options } of leaves) {
    const part = page.split(new RegExp(`^\\.It Cm ${name}(?: Ar .*| Op .*|)$`, 'm'))[1]?.split(/^\.It Cm /m)[0] ?? '';
    const missing = options.filter((option) => !part.includes(`.It Fl Fl ${option.name.slice(2)}`));
    expect(part, name).not.toBe('');
    expect(missing, name).toEqual([]);
  }
});

it('shows every command in an example of its own help', () => {
  for (const { name, help } of verbs) expect(help, name).toMatch(/Examples?/);
});
