import { attributeKinds } from '../history/history-entry.ts';
import { openPlainFile } from '../system/plain-file.ts';

/**
 * Attributes are owner, group, rights, ACLs and extended attributes of files: everything besides content and
 * times. They are written by getfacl(1), getfattr(1) and find(1), and read by `setfacl --restore`, `setfattr --restore`
 * and `xargs -0 -n2 chown -h`; each file names paths below the mirror.
 */
export type AttributeKind = (typeof attributeKinds)[number];

/** One file of each kind. */
export type AttributeFiles = Readonly<Record<AttributeKind, string>>;

/** The entry of one path in one of these files. */
export interface AttributeBlock {
  /** Below the mirror, one character for each byte; `.` is the mirror itself. */
  readonly path: string;
  /** The text after the line with the path; for a symbolic link, its owner and group as UID:GID. */
  readonly body: string;
}

export const attributeFiles = (stem: string): AttributeFiles => ({
  facl: `${stem}.facl`,
  fattr: `${stem}.fattr`,
  links: `${stem}.links`,
});

const withoutDot = (path: string): string => (path.startsWith('./') ? path.slice(2) : path);

const unquoted = (text: string): string =>
  text.includes('\\')
    ? text.replace(/\\(?:([0-7]{3})|\\)/g, (_all, octal?: string) =>
        octal === undefined ? '\\' : String.fromCharCode(Number.parseInt(octal, 8) & 0xff),
      )
    : text;

/** A path in plain ASCII, in the quoting of getfacl(1) and getfattr(1). */
const quoted = (path: string): string =>
  path.replace(/[^\x20-\x7e]|\\/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`);

/** Renders a block as the tools read it. */
export const renderBlock = (kind: AttributeKind, { path, body }: AttributeBlock): string =>
  kind === 'links'
    ? `${body}\0${path === '.' ? path : `./${path}`}\0`
    : `# file: ${quoted(path === '.' ? path : `./${path}`)}\n${body}\n\n`;

function parseBlock(text: string): AttributeBlock | undefined {
  const end = text.indexOf('\n');
  if (end < 0 || !text.startsWith('# file: ')) return undefined;
  return { path: withoutDot(unquoted(text.slice('# file: '.length, end))), body: text.slice(end + 1) };
}

/** The blocks of a text; the last one must be complete. */
export const parseBlocks = (text: string): AttributeBlock[] =>
  text.split('\n\n').flatMap((block) => parseBlock(block.replace(/^\n+/, '')) ?? []);

function parseLinks(parts: readonly string[]): AttributeBlock[] {
  const blocks: AttributeBlock[] = [];
  for (let index = 0; index + 1 < parts.length; index += 2)
    blocks.push({ path: withoutDot(parts[index + 1] ?? ''), body: parts[index] ?? '' });
  return blocks;
}

/**
 * Reads a file in pieces of many blocks; a last block without an end is left out. A later block of a path replaces an
 * earlier one. Yields nothing when there is no such file.
 * @param length bytes that count; all of it when left out
 */
export async function* readBlocks(
  file: string,
  kind: AttributeKind,
  length?: number,
): AsyncGenerator<readonly AttributeBlock[]> {
  if (length === 0) return;
  const handle = await openPlainFile(file);
  if (handle === undefined) return;
  try {
    let rest = '';
    const pieces = handle.createReadStream({
      encoding: 'latin1',
      start: 0,
      autoClose: false,
      ...(length !== undefined && { end: length - 1 }),
    }) as AsyncIterable<string>;
    for await (const piece of pieces) {
      const text = rest + piece;
      if (kind === 'links') {
        const parts = text.split('\0');
        const whole = parts.length - 1 - ((parts.length - 1) % 2);
        rest = parts.slice(whole).join('\0');
        yield parseLinks(parts.slice(0, whole));
      } else {
        const end = text.lastIndexOf('\n\n');
        rest = end < 0 ? text : text.slice(end + 2);
        if (end >= 0) yield parseBlocks(text.slice(0, end));
      }
    }
  } finally {
    await handle.close();
  }
}
