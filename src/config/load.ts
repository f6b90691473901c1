import { readFile, stat } from 'node:fs/promises';
import { LineCounter, isMap, isNode, isScalar, parseDocument, type Document } from 'yaml';
import type { z } from 'zod';
import { ConfigError } from '../errors.ts';
import { configSchema, type Config } from './schema.ts';

/**
 * Reads and checks the configuration file.
 * @throws ConfigError that lists every problem with its line; a rejected value is never repeated, it may be a secret
 */
export async function loadConfig(file: string): Promise<Config> {
  let text: string;
  try {
    const { mode, uid } = await stat(file);
    if (uid !== process.getuid?.() && uid !== 0)
      throw untrusted(file, 'does not belong to root', `chown root: ${file}`);
    if ((mode & 0o022) !== 0) throw untrusted(file, 'can be written by others', `chmod 0600 ${file}`);
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new ConfigError(
        `There is no configuration yet: ${file} does not exist.`,
        'Make one: extbackup setup --help',
        error,
      );
    }
    throw new ConfigError(
      `${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}).`,
      'Run this as root.',
      error,
    );
  }
  return parseConfig(text, file);
}

/**
 * Checks the text of a configuration file.
 * @param file only for messages
 * @throws ConfigError that lists every problem with its line
 */
export function parseConfig(text: string, file: string): Config {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const problems = document.errors.map(
    (error) => `line ${lines.linePos(error.pos[0]).line}: not valid YAML (${error.code})`,
  );
  const content = problems.length === 0 ? contentOf(document) : undefined;
  if (problems.length === 0 && content === undefined) {
    problems.push(
      'not valid YAML (an alias, *NAME, has no anchor, or there are too many; text that begins with * needs quotes)',
    );
  }
  if (content !== undefined) {
    const checked = configSchema.safeParse(content);
    if (checked.success) return checked.data;
    problems.push(...checked.error.issues.flatMap((issue) => describe(issue, document, lines)));
  }
  throw new ConfigError(
    `${file} has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:\n` +
      problems.map((problem) => `  ${problem}`).join('\n'),
    'Correct the file; /usr/share/doc/extbackup/examples/config.yaml explains every setting.',
  );
}

/** The settings as YAML says them; undefined when an alias cannot be resolved: yaml's own words would repeat the value. */
function contentOf(document: Document): unknown {
  try {
    return document.toJS() ?? {};
  } catch {
    return undefined;
  }
}

function untrusted(file: string, what: string, remedy: string): ConfigError {
  return new ConfigError(`${file} ${what}; it is not trusted.`, `Put it right: ${remedy}`);
}

function describe(issue: z.core.$ZodIssue, document: Document, lines: LineCounter): string[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const path = [...issue.path, key];
      return `line ${lineOf(document, path, lines)}: ${path.map(String).join('.')}: there is no such setting`;
    });
  }
  const name = issue.path.map(String).join('.');
  const wrong =
    issue.code === 'invalid_type' && valueAt(document, issue.path) === undefined ? 'is missing' : issue.message;
  return [`line ${lineOf(document, issue.path, lines)}: ${name === '' ? '' : `${name}: `}${wrong}`];
}

function valueAt(document: Document, path: readonly PropertyKey[]): unknown {
  return path.length === 0 ? document.toJS() : document.getIn(path.map(String), true);
}

/** The line of a key, or of the nearest thing above it when it is missing. */
function lineOf(document: Document, path: readonly PropertyKey[], lines: LineCounter): number {
  for (let depth = path.length; depth > 0; depth -= 1) {
    const parent: unknown = depth === 1 ? document.contents : document.getIn(path.slice(0, depth - 1).map(toKey), true);
    const last = path[depth - 1];
    if (isMap(parent)) {
      const pair = parent.items.find(({ key }) => isScalar(key) && key.value === last);
      if (pair && isNode(pair.key) && pair.key.range) return lines.linePos(pair.key.range[0]).line;
    }
    const node: unknown = document.getIn(path.slice(0, depth).map(toKey), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

const toKey = (key: PropertyKey): string | number => (typeof key === 'symbol' ? String(key) : key);
