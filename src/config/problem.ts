/** A mistake in the settings, in our words. */
import { distance } from 'fastest-levenshtein';
import type * as z from 'zod';

/** One mistake. The rejected value is never repeated: it may be a secret. */
export interface SettingProblem {
  /** Position of the key; of its parent if it is missing. Both count from 1. */
  readonly line: number;
  readonly column: number;
  /** Dotted name; empty for the file as a whole. */
  readonly setting: string;
  readonly problem: string;
}

/** `line 3, column 5: pull.retries: must be a number` */
export function problemLine({ line, column, setting, problem }: SettingProblem): string {
  return `line ${line}, column ${column}: ${setting === '' ? '' : `${setting}: `}${problem}`;
}

/** Known facts about the place of a mistake. */
export interface Place {
  /** undefined if there is no value. */
  readonly value: unknown;
  /** Valid names that could replace an unknown one. */
  readonly known: readonly string[];
}

/** The problem at a place, in words. */
export function wordsOf(issue: z.core.$ZodIssue, { value }: Place): string {
  if (issue.code === 'invalid_type') return value === undefined ? 'is missing' : mustBe(issue.expected, value);
  if (isOwnMessage(issue.message)) return issue.message;
  if (issue.code === 'invalid_value') return `must be ${oneOf(issue.values.map(String))}${meant(value, issue.values)}`;
  if (issue.code === 'too_small') return `must be at least ${quantity(issue.origin, issue.minimum)}`;
  if (issue.code === 'too_big') return `must be at most ${quantity(issue.origin, issue.maximum)}`;
  return 'is not valid';
}

/** Mistakes of YAML that have words of their own, by the code of the parser. */
const yamlMistakes: Readonly<Record<string, string>> = {
  BAD_INDENT: 'the spaces at the beginning of the line do not fit the lines around it',
  DUPLICATE_KEY: 'the setting stands there twice; leave out one of the two',
  MISSING_CHAR: 'a character is missing, such as a closing quote or bracket',
  MULTIPLE_DOCS: 'a second document begins with ---; the settings are one document',
  TAG_RESOLVE_FAILED: 'text that begins with ! needs quotes',
  TAB_AS_INDENT: 'the line begins with a tab; indent it with spaces',
};

/** A mistake that makes the file no YAML. @param code of the parser: its message would repeat the text of the file */
export const yamlProblem = (code: string): string =>
  yamlMistakes[code] === undefined ? `not valid YAML (${code})` : `not valid YAML: ${yamlMistakes[code]}`;

/** An unknown name. */
export function unknownSetting(key: string, { known }: Pick<Place, 'known'>): string {
  return `there is no such setting${meant(key, known)}`;
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a group of settings',
  record: 'a group of settings',
};

function mustBe(expected: string, value: unknown): string {
  const type = typeNames[expected] ?? expected;
  const needsQuotes = expected === 'string' && (typeof value === 'number' || typeof value === 'boolean');
  return `must be ${type}${needsQuotes ? `: put it in quotes${withUnit(value)}` : ''}`;
}

/** Most numbers in place of text are times or shares without their unit. */
const withUnit = (value: unknown): string =>
  typeof value === 'number' ? ', with its unit if it is a time or a share (14d, 5%)' : '';

/** Messages of zod begin so; messages of our schema say "must ...". */
const isOwnMessage = (message: string): boolean =>
  !/^(?:Invalid|Too|Unrecognized|No matching|Expected)\b/.test(message);

function quantity(origin: string, number: number | bigint): string {
  if (origin === 'string') return `${number} characters long`;
  return origin === 'array' ? `${number} entries long` : String(number);
}

const oneOf = (names: readonly string[]): string =>
  names.length === 1 ? (names[0] ?? '') : `one of ${names.join(', ')}`;

/** The largest number of wrong letters in a typing mistake: a third of the name, at least two. */
function meant(said: unknown, known: readonly unknown[]): string {
  if (typeof said !== 'string') return '';
  const near = known
    .map((name) => ({ name: String(name), far: distance(said.toLowerCase(), String(name).toLowerCase()) }))
    .filter(({ name, far }) => far <= Math.max(2, Math.floor(name.length / 3)) && far < name.length);
  const nearest = Math.min(...near.map(({ far }) => far));
  const names = near.filter(({ far }) => far === nearest).map(({ name }) => name);
  return names.length === 0 ? '' : `; did you mean ${names.join(' or ')}?`;
}
