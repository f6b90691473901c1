import { readdir } from 'node:fs/promises';
import { UsageError } from '../errors.ts';
import { readText } from '../system/given-file.ts';

/** The settings found in the scripts of a machine that was set up by hand. A part that was not found is undefined. */
export interface OldSetup {
  /** The script that builds the key. */
  readonly script: string;
  readonly salt: string;
  /** SHA-1 of the key. */
  readonly check: string | undefined;
  readonly server: string | undefined;
  readonly user: string | undefined;
}

/**
 * The value of a plain assignment in a shell script. Nothing is executed: a value that the shell would have to compute
 * counts as missing.
 */
export function readAssignment(script: string, name: string): string | undefined {
  const before = '^[ \\t]*(?:export[ \\t]+|readonly[ \\t]+)?';
  const quoted = `'([^'\\n]*)'|"([^"$\`\\\\\\n]*)"`;
  const unquoted = `([^\\s'"$\`\\\\;&|#()<>*?~]*)`;
  const after = '[ \\t]*(?:[;#].*)?$';
  const pattern = new RegExp(`${before}${name}=(?:${quoted}|${unquoted})${after}`, 'm');
  const [, single, double, bare] = pattern.exec(script) ?? [];
  const value = single ?? double ?? bare;
  return value === '' ? undefined : value;
}

/**
 * Finds salt, check value and server in the scripts of a machine that was set up by hand.
 * @param place the script that builds the key, or a directory to look for it in
 * @throws UsageError when there is none, or more than one with different salts
 */
export async function findOldSetup(place: string): Promise<OldSetup> {
  const texts = await readScripts(place);
  const builders = texts.flatMap(({ file, text }) => {
    const salt = readAssignment(text, 'SALT');
    return salt !== undefined && text.includes('sha512sum')
      ? [{ file, salt, check: readAssignment(text, 'SHA1_CHECK') }]
      : [];
  });
  const [builder] = builders;
  if (builder === undefined) {
    throw new UsageError(
      `No script in ${place} has a plain SALT=… and builds a key with sha512sum.`,
      'Name the script: extbackup setup --adopt FILE. The salt must be in it as plain text.',
    );
  }
  if (builders.some(({ salt }) => salt !== builder.salt)) {
    throw new UsageError(
      `Several scripts build a key, with different salts: ${builders.map(({ file }) => file).join(', ')}.`,
      'Name the one that is in use: extbackup setup --adopt FILE',
    );
  }
  const first = (name: string): string | undefined =>
    texts.map(({ text }) => readAssignment(text, name)).find((value) => value !== undefined);
  return {
    script: builder.file,
    salt: builder.salt,
    check: /^[0-9a-f]{40}$/.test(builder.check ?? '') ? builder.check : undefined,
    server: first('BKUP_SERVER'),
    user: first('BKUP_USER'),
  };
}

const largestScript = 256 * 1024;

async function readScripts(place: string): Promise<{ file: string; text: string }[]> {
  try {
    const names = await readdir(place).then(
      (found) => found.sort().map((name) => `${place}/${name}`),
      (error: unknown) => {
        if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return [place];
        throw error;
      },
    );
    const texts = await Promise.all(names.map(async (file) => ({ file, text: await readText(file).catch(() => '') })));
    return texts.filter(({ text }) => text.length < largestScript);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new UsageError(
      `${place} does not exist.`,
      'Name the script that builds the key: extbackup setup --adopt FILE',
      error,
    );
  }
}
