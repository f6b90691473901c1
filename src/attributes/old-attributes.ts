import { open, rename, rm } from 'node:fs/promises';
import { attributeKinds } from '../history/history-entry.ts';
import { readBlocks, renderBlock, type AttributeFiles, type AttributeKind } from './attribute-files.ts';
import { tableFiles, type TableState } from './attribute-table.ts';

/** More files than these are not compared in memory. */
const mostCompared = 100_000;

/**
 * Writes the table's entries of some paths, in the format of the table.
 * @param to new files, each written in one piece; a file without entries is not made
 */
export async function writeOld(
  top: string,
  state: TableState,
  paths: ReadonlySet<string>,
  to: AttributeFiles,
): Promise<void> {
  for (const kind of attributeKinds) {
    const found = new Map<string, string>();
    for await (const blocks of readBlocks(tableFiles(top, state.serial)[kind], kind, state.bytes[kind]))
      for (const { path, body } of blocks) if (paths.has(path)) found.set(path, body);
    if (found.size > 0) await writeDurably(to[kind], kind, found);
  }
}

async function writeDurably(file: string, kind: AttributeKind, found: ReadonlyMap<string, string>): Promise<void> {
  const temporary = `${file}.new`;
  await rm(temporary, { force: true });
  const handle = await open(temporary, 'wx', 0o600);
  try {
    let text = '';
    for (const [path, body] of found) {
      text += renderBlock(kind, { path, body });
      if (text.length < 1_000_000) continue;
      await handle.writeFile(text, 'latin1');
      text = '';
    }
    await handle.writeFile(text, 'latin1');
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
}

/**
 * Compares a table with newer files: returns the paths that are in both, with other attributes. It reads both completely,
 * because a missing entry has a meaning, too: the file had no such attributes.
 * @returns undefined when there are too many to compare
 */
export async function whatDiffers(
  top: string,
  state: TableState,
  newer: AttributeFiles,
): Promise<Set<string> | undefined> {
  const bodies = new Map<string, string>(); // each text is stored once
  const before = await load(tableFiles(top, state.serial), bodies, state.bytes);
  const now = before && (await load(newer, bodies));
  if (now === undefined) return undefined;
  const differing = new Set<string>();
  for (const [path, old] of before ?? []) {
    const there = now.get(path);
    if (there !== undefined && attributeKinds.some((kind) => old[kind] !== there[kind])) differing.add(path);
  }
  return differing;
}

type Bodies = Partial<Record<AttributeKind, string>>;

async function load(
  files: AttributeFiles,
  texts: Map<string, string>,
  bytes?: TableState['bytes'],
): Promise<Map<string, Bodies> | undefined> {
  const found = new Map<string, Bodies>();
  for (const kind of attributeKinds)
    for await (const blocks of readBlocks(files[kind], kind, bytes?.[kind])) {
      for (const { path, body } of blocks) {
        const text = texts.get(body) ?? body;
        texts.set(text, text);
        const known = found.get(path);
        if (known) known[kind] = text;
        else found.set(path, { [kind]: text });
      }
      if (found.size > mostCompared) return undefined;
    }
  return found;
}
