import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { readVerbs } from '../../../debian/command-tree.ts';
import { readManual } from '../../../debian/manual.ts';
import { settingsSchema, type SettingsSchema } from '../../../src/config/settings-tree.ts';

const read = (name: string): string => readFileSync(new URL(`../../../${name}`, import.meta.url), 'utf8');
const verbs = await readVerbs();
const manual = await readManual();
const pageOf = (name: Parameters<typeof manual.get>[0]): string => manual.get(name) ?? '';
const page = pageOf('extbackup.8');
const heads = [...pageOf('extbackup-config.5').matchAll(/^\.It (.+)\n([^.].+)$/gm)].map(([, head = '']) => head);

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
    'release',
    'usb',
    'scheduled',
    'rotation',
  ];
  const said = heads.map((head) => /^Va (\S+)/.exec(head)?.[1]);
  const missing = [...new Set(namesOf(settingsSchema()))].filter(
    (name) => !said.includes(name) && !/^sources\.N\.(guard|attestation)\./.test(name),
  );
  expect(missing).toEqual([...groups, 'mount', 'report', 'check', 'metrics']);
});

it('gives the default of every setting, as the example file has it', () => {
  const inForce = read('debian/examples/config.yaml').replace(/^( *)#(?=\S|\s{2})/gm, '$1');
  const defaults = valuesIn(parse(inForce)).filter(
    ([name, value]) =>
      !/^(source|key|attestation|drill|report|metrics|wake|history\.keep\.(weekly|monthly|yearly))\b/.test(name) &&
      value !== '',
  );
  expect(defaults.length).toBeGreaterThan(30);
  expect(defaults.filter(([name, value]) => !heads.includes(`Va ${name} Pq default ${value}`))).toEqual([]);
});

it('explains every command and option', () => {
  const leaves = verbs.filter(({ children }) => children.length === 0);
  expect(leaves.map(({ name }) => name)).toEqual(expect.arrayContaining(['pause', 'config set', 'notify test']));
  for (const { name, options } of leaves) {
    const part = page.split(new RegExp(`^\\.Ss ${name}$`, 'm'))[1]?.split(/^\.S[hs] /m)[0] ?? '';
    const missing = options.filter((option) => !part.includes(`.It Fl Fl ${option.name.slice(2)}`));
    expect(part, name).toContain(`.Ic extbackup ${name}`);
    expect(part, name).toMatch(/^\.Bd -literal/m); // the example of --help
    expect(missing, name).toEqual([]);
  }
});

it('has a page for getting files back, with the commands for it, and one with every event, exit code and schema', () => {
  const sections = [...pageOf('extbackup-restore.8').matchAll(/^\.Ss (.+)$/gm)].map(([, name]) => name);
  expect(sections).toEqual(expect.arrayContaining(['restore', 'rollback', 'mount', 'umount', 'recovery-sheet']));
  const events = pageOf('extbackup-events.7');
  const withJson = verbs.filter(({ options }) => options.some(({ name }) => name === '--json')).map(({ name }) => name);
  expect(withJson.length).toBeGreaterThan(12);
  for (const name of withJson) expect(events).toMatch(new RegExp(`^\\.It Cm ${name}(?: --.*)?$`, 'm'));
});

it('shows every command in an example of its own help', () => {
  for (const { name, help } of verbs) expect(help, name).toMatch(/Examples?/);
});
