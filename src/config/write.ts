import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Document, isScalar, parseDocument } from 'yaml';
import { BusyError } from '../errors.ts';
import { writeAtomically } from '../system/atomic-file.ts';
import { lockDirectory } from '../system/file-lock.ts';
import { contentOf, parseConfig, readTrustedSettings } from './load.ts';
import { configSchema, type Config, type KeySettings } from './schema.ts';

/** The settings from setup; all others keep their defaults. */
export interface NewConfig {
  readonly source: string;
  readonly port: number;
  readonly key: KeySettings;
  readonly ssh?: Partial<Config['ssh']>;
}

const heading = ` Settings of extbackup. A missing setting has its default;
 This explains every setting: extbackup config example`;

const comments: Readonly<Record<string, string>> = {
  source: ' The backup server. The path, if any, is below the directory that its forced command allows.',
  key: ' How the key is derived from the password. With another value here, no disk opens any more.',
};

/** The text of a new configuration file: only values that differ from the defaults, with comments. */
export function renderConfig(config: NewConfig): string {
  const document = new Document({
    source: config.source,
    ...(config.port === configSchema.shape.port.parse(undefined) ? {} : { port: config.port }),
    key: config.key,
    ...(config.ssh && Object.keys(config.ssh).length > 0 ? { ssh: config.ssh } : {}),
  });
  document.commentBefore = heading;
  return withComments(document.toString());
}

/** Each top-level key with its comment on the line before. */
function withComments(text: string): string {
  return Object.entries(comments).reduce(
    (result, [key, comment]) =>
      result.replace(new RegExp(`^${key}:`, 'm'), `\n#${comment}\n${key}:`).replace(/\n{3,}/g, '\n\n'),
    text,
  );
}

/** One setting to change: its path, and its new value; undefined removes the setting. */
export interface ConfigChange {
  readonly path: readonly [string, ...(string | number)[]];
  readonly value: unknown;
}

/** Writes a new configuration file, mode 0600. Throws ConfigError when it would not be accepted. */
export async function writeNewConfig(file: string, config: NewConfig): Promise<Config> {
  const text = renderConfig(config);
  const checked = parseConfig(text, file);
  await mkdir(dirname(file), { recursive: true, mode: 0o755 });
  await writeAtomically(file, text, true);
  return checked;
}

/**
 * Changes single settings in an existing file and leaves everything else, comments too, as it is.
 * The file is not touched when nothing changes. Two changes at once wait for each other: neither is lost.
 * @throws ConfigError when it is missing or not trusted, or the result would not be accepted
 * @throws BusyError when another change does not end
 */
export async function updateConfig(file: string, changes: readonly ConfigChange[]): Promise<Config> {
  const lock = await lockDirectory(dirname(file), patienceMs).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null; // reported below
    throw error;
  });
  if (lock === undefined)
    throw new BusyError(`Another command changes ${file}. Nothing was changed here.`, 'Try again in a moment.');
  try {
    const { before, after, checked } = await changed(file, changes);
    if (after !== before) await writeAtomically(file, after, true);
    return checked;
  } finally {
    await lock?.release();
  }
}

/** Another change takes less than a second. */
const patienceMs = 20_000;

/** The text that {@link updateConfig} would write. Throws like it; nothing is written. */
export async function previewConfig(file: string, changes: readonly ConfigChange[]): Promise<Config> {
  return (await changed(file, changes)).checked;
}

async function changed(
  file: string,
  changes: readonly ConfigChange[],
): Promise<{ readonly before: string; readonly after: string; readonly checked: Config }> {
  const before = await readTrustedSettings(file); // written anew, it would be trusted, with everything in it
  const document = parseDocument(before);
  if (document.errors.length > 0 || contentOf(document) === undefined) parseConfig(before, file); // reports them, with their lines
  for (const { path, value } of changes) {
    const node = document.getIn(path, true);
    if (value === undefined) document.deleteIn(path);
    else if (isScalar(node) && (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'))
      node.value = value; // and its comment stays
    else if (JSON.stringify(document.getIn(path)) !== JSON.stringify(value))
      document.setIn(path, document.createNode(value));
  }
  const after = document.toString({ lineWidth: 0 });
  return { before, after, checked: parseConfig(after, file) };
}
