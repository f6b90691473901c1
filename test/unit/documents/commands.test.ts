import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readVerbs, type Verb } from '../../../debian/command-tree.ts';
import { outputJsonSchemas } from '../../../debian/output-json-schemas.ts';
import { parseConfig } from '../../../src/config/load.ts';
import { blocksOf, callsIn, callsOn, inlineOf, jsonPathsOn } from '../../documents/commands.ts';

/** Every command, option, JSON path and piece of settings that a page shows is one that the program knows. */
const root = join(import.meta.dirname, '../../..');
const pages = ['README.md', 'SECURITY.md', 'CHANGELOG.md', 'test/README.md'].concat(
  readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
);
const verbs = await readVerbs();
const schemas = outputJsonSchemas();

/** The command with the longest name that the words begin with. */
const verbOf = (words: readonly string[]): Verb | undefined =>
  verbs
    .filter(({ name }) => words.slice(0, name.split(' ').length).join(' ') === name)
    .toSorted((a, b) => b.name.length - a.name.length)[0];

/** What is wrong with a call, in words; undefined if nothing is. */
function faultOf(words: readonly string[]): string | undefined {
  const said = `extbackup ${words.join(' ')}`;
  if (words[0] === undefined || /^(?:--(?:help|version|config)|help|…|\.\.\.|[A-Z]+)$/.test(words[0])) return undefined;
  const verb = verbOf(words);
  if (verb === undefined) return `${said}: no such command`;
  const rest = words.slice(verb.name.split(' ').length);
  if (verb.children.length > 0 && rest[0] !== undefined && !/^[A-Z]/.test(rest[0]))
    return `${said}: no such command below`;
  const operands: string[] = [];
  for (let at = 0; at < rest.length; at += 1) {
    const [name = '', given] = (rest[at] ?? '').split(/=(.*)/s);
    if (!name.startsWith('-') || name === '-') {
      operands.push(name);
      continue;
    }
    const option = verb.options.find((known) => known.name === name);
    if (option === undefined && name !== '--help') return `${said}: no option ${name}`;
    if (option?.value !== undefined && given === undefined && at + 1 < rest.length) {
      const value = rest[at + 1];
      if (value === undefined || value.startsWith('--')) return `${said}: ${name} needs a value`;
      if (option.choices.length > 0 && !option.choices.includes(value)) return `${said}: ${name} is not ${value}`;
      at += 1;
    }
  }
  const isManyAllowed = verb.operands.some((operand) => operand.includes('...'));
  return !isManyAllowed && operands.length > verb.operands.length ? `${said}: too many words` : undefined;
}

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
}

/** Whether the output of a command has a value at this place, such as `.drives[].label`. */
function hasPath(call: readonly string[], path: string): boolean {
  const verb = verbOf(call)?.name ?? '';
  const own = schemas
    .filter(({ command }) => command.replace(/ --.*/, '') === verb)
    .toSorted((a, b) => b.command.length - a.command.length)
    .find(({ command }) => command.split(' ').every((word) => !word.startsWith('--') || call.includes(word)));
  const steps = path.match(/\[\]|[a-zA-Z_]\w*/g) ?? [];
  const below = (schema: JsonSchema, step: string): JsonSchema[] =>
    [schema, ...(schema.anyOf ?? []), ...(schema.allOf ?? [])].flatMap(
      ({ properties, items }) => (step === '[]' ? items : properties?.[step]) ?? [],
    );
  let places: JsonSchema[] = own === undefined ? [] : [JSON.parse(own.text) as JsonSchema];
  for (const step of steps) places = places.flatMap((place) => below(place, step));
  return places.length > 0;
}

const smallest = 'source: extbackup@backup.example.org\nkey: { derivation: sha512 }\n';

/** The mistakes in a piece of the settings; what it leaves out is filled in. */
function mistakesIn(yaml: string): string[] {
  const given = Object.keys((parse(yaml) ?? {}) as object);
  const missing = smallest
    .split('\n')
    .filter(
      (line) => !given.some((key) => line.startsWith(`${key}:`) || (key === 'sources' && line.startsWith('source:'))),
    );
  try {
    parseConfig(`${missing.join('\n')}\n${yaml}`, 'page.yaml');
    return [];
  } catch (error) {
    return [(error as Error).message];
  }
}

describe.each(pages)('%s', (page) => {
  const text = readFileSync(join(root, page), 'utf8');

  it('shows only commands and options that exist', () => {
    expect(callsOn(text).flatMap((words) => faultOf(words) ?? [])).toEqual([]);
  });

  it('asks jq only for what the output has', () => {
    expect(jsonPathsOn(text).filter(([call, path]) => !hasPath(call, path))).toEqual([]);
  });

  it('shows only settings that are valid', () => {
    const pieces = blocksOf(text).filter(
      ({ language, text: yaml }) => language === 'yaml' && !yaml.startsWith('# answers'),
    );
    expect(pieces.flatMap(({ text: yaml }) => mistakesIn(yaml))).toEqual([]);
    for (const words of callsOn(text).filter(([verb, child]) => verb === 'config' && child === 'set')) {
      const [, , key = '', typed = ''] = words;
      const value = typed.replace('$(cat /proc/sys/kernel/random/uuid)', randomUUID()); // what the shell makes of it
      if (/^[a-z]/.test(key)) expect(mistakesIn(asYaml(key.split('.'), value)), words.join(' ')).toEqual([]);
    }
  });
});

/** `a.b` and a value as YAML. */
const asYaml = ([key = '', ...rest]: readonly string[], value: string): string =>
  rest.length === 0
    ? `${key}: ${/^[[{]/.test(value) ? value : JSON.stringify(value).replace(/^"(true|false|\d+)"$/, '$1')}`
    : `${key}:\n  ${asYaml(rest, value).replaceAll('\n', '\n  ')}`;

it('the pages that a reader needs are there, and lead to one another', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  for (const name of ['quick-start', 'administration', 'bad-days', 'recovery', 'errors', 'scripting', 'faq'])
    expect(readme).toContain(`(docs/${name}.md)`);
  const calls = pages.flatMap((page) => callsOn(readFileSync(join(root, page), 'utf8')));
  expect(calls.length).toBeGreaterThan(150);
});

it('finds calls, and what is wrong with them', () => {
  expect(callsIn('ssh root@"$a" extbackup status --json >x && extbackup check || extbackup unlock # and more')).toEqual(
    [['status', '--json'], ['check'], ['unlock']],
  );
  expect(callsOn('see `extbackup cancel`\n```sh\nextbackup approve B --reason "a | b"\n```\n')).toEqual([
    ['approve', 'B', '--reason', 'a | b'],
    ['cancel'],
  ]);
  expect(inlineOf('`a \\| b`')).toEqual(['a | b']);
  for (const bad of [
    'frobnicate',
    'drive frobnicate',
    'status --frobnicate',
    'setup --first-run never',
    'cancel A B',
    'drill --to --json',
  ])
    expect(faultOf(bad.split(' ')), bad).toBeDefined();
  expect(jsonPathsOn("```sh\nextbackup status --json | jq -r '.a.b, .c[].d'\n```\n").map(([, path]) => path)).toEqual([
    '.a.b',
    '.c[].d',
  ]);
  expect([hasPath(['status', '--json'], '.drives[].label'), hasPath(['status', '--json'], '.drives[].lable')]).toEqual([
    true,
    false,
  ]);
  expect(mistakesIn('rotation: { evry: 2w }')).toHaveLength(1);
});
