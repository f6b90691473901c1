import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { LineCounter, isMap, isNode, isScalar, parseDocument, type Document } from 'yaml';
import type * as z from 'zod';
import { ConfigError } from '../errors.ts';
import { problemLine, unknownSetting, wordsOf, yamlProblem, type SettingProblem } from './problem.ts';
import { openJudged, type Distrust } from '../system/trusted-path.ts';
import { configSchema, type Config } from './schema.ts';
import { namesBelow, schemaAt, settingsSchema } from './settings-tree.ts';

/**
 * Reads and checks the configuration file.
 * @throws ConfigError that lists every problem with its line; a rejected value is never repeated, it may be a secret
 */
export async function loadConfig(file: string): Promise<Config> {
  return parseConfig(await readTrustedSettings(file), file);
}

/**
 * Reads the text of the settings file.
 * @throws ConfigError, also when others than root could have written it
 */
export async function readTrustedSettings(file: string): Promise<string> {
  try {
    const { handle, distrust } = await openJudged(file);
    try {
      if (distrust !== undefined) throw untrusted(file, distrust);
      return await textOf(handle, file);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new ConfigError(
        `There is no configuration yet: ${file} does not exist.`,
        'Make one: extbackup setup --help',
        error,
      );
    }
    throw unreadable(file, error);
  }
}

/**
 * Reads the text of a settings file, whoever owns it.
 * @throws ConfigError
 */
export async function readSettingsText(file: string): Promise<string> {
  try {
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK); // a pipe must not block
    try {
      return await textOf(handle, file);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw error instanceof ConfigError ? error : unreadable(file, error);
  }
}

async function textOf(handle: FileHandle, file: string): Promise<string> {
  if ((await handle.stat()).isFile()) return handle.readFile('utf8');
  throw new ConfigError(`${file} is not a file.`, 'Put the settings there as a plain file: extbackup config example');
}

function unreadable(file: string, error: unknown): ConfigError {
  const { code = 'unknown reason' } = error as NodeJS.ErrnoException;
  const todo = ['EACCES', 'EPERM'].includes(code) ? 'Run this as root.' : 'Check the path, and the disk that it is on.';
  return new ConfigError(`${file} cannot be read (${code}).`, todo, error);
}

/**
 * Checks the text of a configuration file.
 * @param file only for messages
 * @throws ConfigError that lists every problem with its line
 */
export function parseConfig(text: string, file: string): Config {
  const { config, problems } = checkConfig(text);
  if (config) return config;
  throw new ConfigError(
    `${file} has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:\n` +
      problems.map((problem) => `  ${problemLine(problem)}`).join('\n'),
    'Correct the file; this explains every setting: extbackup config example',
  );
}

/** The result of a check: the settings, or all problems in the order of the file. */
export function checkConfig(text: string): { readonly config?: Config; readonly problems: readonly SettingProblem[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const strange = text.indexOf(undecodable);
  if (strange >= 0) return { problems: [{ ...placeOf(strange, lines), setting: '', problem: notUtf8 }] };
  const mistakes = [...document.errors, ...document.warnings];
  if (mistakes.length > 0) {
    return {
      problems: mistakes.map(({ pos: [at], code }) => ({
        ...placeOf(at, lines),
        setting: '',
        problem: yamlProblem(code),
      })),
    };
  }
  const content = contentOf(document);
  if (content === undefined) return { problems: [{ line: 1, column: 1, setting: '', problem: unresolved }] };
  const checked = configSchema.safeParse(content);
  if (checked.success) return { config: checked.data, problems: [] };
  const problems = checked.error.issues.flatMap((issue) => describe(issue, document, lines));
  return { problems: problems.sort((a, b) => a.line - b.line || a.column - b.column) };
}

/** The position of a setting in the text of a valid file. */
export function positionIn(text: string, path: readonly PropertyKey[]): Pick<SettingProblem, 'line' | 'column'> {
  const lines = new LineCounter();
  return positionOf(parseDocument(text, { lineCounter: lines }), path, lines);
}

/** What the decoder puts in place of bytes that are not UTF-8. */
const undecodable = '\uFFFD';

const notUtf8 = 'a letter is not encoded in UTF-8; save the file as UTF-8, for example: iconv -f latin1 -t utf8';

const unresolved =
  'not valid YAML (an alias, *NAME, has no anchor, or there are too many; text that begins with * needs quotes)';

/** The parsed YAML; undefined when an alias cannot be resolved: the library's error text would repeat the value. */
export function contentOf(document: Document): unknown {
  try {
    return document.toJS() ?? {};
  } catch {
    return undefined;
  }
}

function untrusted(file: string, { kind, path }: Distrust): ConfigError {
  if (kind === 'directory')
    return new ConfigError(
      `Users other than root can write to ${path}, which leads to ${file}; it is not trusted.`,
      `Correct it: chown root: ${path} ; chmod go-w ${path}`,
    );
  const [what, remedy] =
    kind === 'owner' ? ['does not belong to root', 'chown -h root:'] : ['can be written by other users', 'chmod 0600'];
  return new ConfigError(`${path} ${what}; it is not trusted.`, `Correct it: ${remedy} ${path}`);
}

function describe(issue: z.core.$ZodIssue, document: Document, lines: LineCounter): SettingProblem[] {
  const at = (path: readonly PropertyKey[]) => ({
    ...positionOf(document, path, lines),
    setting: path.map(String).join('.'),
  });
  const value = valueAt(document, issue.path);
  if (issue.code === 'unrecognized_keys') {
    const known = namesBelow(schemaAt(issue.path.map(toKey), settingsSchema()));
    return issue.keys.map((key) => ({ ...at([...issue.path, key]), problem: unknownSetting(key, { known }) }));
  }
  if (issue.code === 'invalid_union') return ofUnion(issue, value, document, lines);
  return [{ ...at(issue.path), problem: wordsOf(issue, { value, known: [] }) }];
}

/** The most likely kind of a setting: the one with the same type, or the one with the fewest problems. */
function ofUnion(
  issue: z.core.$ZodIssueInvalidUnion,
  value: unknown,
  document: Document,
  lines: LineCounter,
): SettingProblem[] {
  const isOfOtherType = (problems: readonly z.core.$ZodIssue[]): boolean =>
    problems.some(({ code, path }) => code === 'invalid_type' && path.length === 0);
  const [closest] = [...issue.errors].sort(
    (a, b) => Number(isOfOtherType(a)) - Number(isOfOtherType(b)) || a.length - b.length,
  );
  const { path, message } = issue;
  if (closest)
    return closest.flatMap((inner) => describe({ ...inner, path: [...path, ...inner.path] }, document, lines));
  return describe(
    value === undefined
      ? { code: 'invalid_type', expected: 'string', path, message }
      : { code: 'invalid_value', values: kindsOf(issue), path, message },
    document,
    lines,
  );
}

/** zod's facts about a choice by a name such as `type`. */
const kindsOf = (issue: z.core.$ZodIssueInvalidUnion): string[] =>
  'options' in issue && Array.isArray(issue.options) ? issue.options.map(String) : [];

function valueAt(document: Document, path: readonly PropertyKey[]): unknown {
  return path.length === 0 ? document.toJS() : document.getIn(path.map(toKey));
}

/** The position of a key; of its parent if it is missing. */
function positionOf(document: Document, path: readonly PropertyKey[], lines: LineCounter): Position {
  for (let depth = path.length; depth > 0; depth -= 1) {
    const parent: unknown = depth === 1 ? document.contents : document.getIn(path.slice(0, depth - 1).map(toKey), true);
    const last = path[depth - 1];
    if (isMap(parent)) {
      const pair = parent.items.find(({ key }) => isScalar(key) && key.value === last);
      if (pair && isNode(pair.key) && pair.key.range) return placeOf(pair.key.range[0], lines);
    }
    const node: unknown = document.getIn(path.slice(0, depth).map(toKey), true);
    if (isNode(node) && node.range) return placeOf(node.range[0], lines);
  }
  return { line: 1, column: 1 };
}

type Position = Pick<SettingProblem, 'line' | 'column'>;

function placeOf(offset: number, lines: LineCounter): Position {
  const { line, col } = lines.linePos(offset);
  return { line, column: col };
}

const toKey = (key: PropertyKey): string | number => (typeof key === 'symbol' ? String(key) : key);
