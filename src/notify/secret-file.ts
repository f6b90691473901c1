import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { shownText } from '../text/shown-name.ts';

const longestSecret = 4096;

/**
 * Reads a secret without the line end after it. The checks are made on the opened file.
 * @param what its name for the operator: "the token file"
 * @param file a path, or `credential:NAME` for a credential of systemd's
 * @param largest in bytes
 * @throws Error when users other than root may read or change it, or it is empty, too long or not a file
 */
export async function readSecretFile(what: string, file: string, largest = longestSecret): Promise<string> {
  const handle = await open(pathOf(what, file), constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => {
    throw new Error(`${what} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'})`);
  });
  try {
    const about = await handle.stat();
    if (!about.isFile()) throw new Error(`${what} is not a file`);
    if ((about.mode & 0o077) !== 0)
      throw new Error(`${what} can be read by other users; correct it: chmod 0600 ${file}`);
    if (about.uid !== 0 && about.uid !== process.getuid?.()) throw new Error(`${what} does not belong to root`);
    if (about.size > largest) throw new Error(`${what} is too long to hold a secret`);
    const secret = (await handle.readFile('utf8')).replace(/\r?\n$/, '');
    if (secret === '') throw new Error(`${what} is empty`);
    return secret;
  } finally {
    await handle.close();
  }
}

function pathOf(what: string, file: string): string {
  if (!file.startsWith('credential:')) return file;
  const directory = process.env['CREDENTIALS_DIRECTORY'];
  if (directory !== undefined) return `${directory}/${file.slice('credential:'.length)}`;
  throw new Error(`${what} is a credential that systemd did not pass; see: systemctl cat extbackup-courier@`);
}

/** The first line of a text without secrets, short and harmless for a terminal. */
export function firstLine(text: string, secrets: readonly string[] = []): string {
  const encoded = secrets.filter(Boolean).flatMap((secret) => [Buffer.from(secret).toString('base64'), secret]);
  const clean = encoded.reduce((rest, secret) => rest.replaceAll(secret, '[secret]'), text);
  const [line = ''] = clean.trimStart().split(/[\r\n]/);
  return shownText(line).slice(0, 300);
}
