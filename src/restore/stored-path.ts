import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../errors.ts';
import { historyPlaces, findVersions, kindBelow } from './restore-plan.ts';

/**
 * The path as the disk spells it. A name is found whichever Unicode normal form is typed: a Mac stores "é" as two
 * characters (NFD), most keyboards send one (NFC).
 * @param typed below the mirror, see `pathInMirror`
 * @returns `typed` itself when the disk has it, or has no other spelling of it
 * @throws UsageError when the disk has several other spellings
 */
export async function storedPath(top: string, mirror: string, typed: string): Promise<string> {
  if (!/[^ -~]/.test(typed) || (await findVersions(top, mirror, typed)).length > 0) return typed;
  const places = (await historyPlaces(top, mirror)).map(({ directory }) => directory);
  let spellings = [''];
  for (const part of typed.split('/')) {
    const next = new Set<string>();
    for (const parent of spellings)
      for (const place of places)
        for (const name of await sameNames(place, parent, part)) next.add(parent === '' ? name : `${parent}/${name}`);
    spellings = [...next];
  }
  const [only, second] = spellings;
  if (second !== undefined)
    throw new UsageError(
      'The disk has this path in several Unicode spellings, none of which is the typed one.',
      'Choose with the arrows instead: extbackup restore LABEL --browse',
    );
  return only ?? typed;
}

/** Names in a directory that differ from a name only in their Unicode normal form. */
async function sameNames(place: string, parent: string, wanted: string): Promise<string[]> {
  if ((await kindBelow(place, parent === '' ? '.' : parent)) !== 'directory') return [];
  const names = await readdir(join(place, parent));
  return names.filter((name) => name.normalize('NFC') === wanted.normalize('NFC'));
}
