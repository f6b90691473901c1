import { basename, dirname } from 'node:path';
import { lstat } from 'node:fs/promises';
import type { PutBack } from '../attributes/put-back.ts';
import type { OldAttributes } from './restore-plan.ts';

const bytesOf = (text: string): string => Buffer.from(text).toString('latin1');

/**
 * The files that get the attributes of a layer.
 * @param target the restored file or directory
 */
export async function placesIn(
  { attributes, part }: OldAttributes,
  target: string,
): Promise<Pick<PutBack, 'files' | 'root' | 'place'>> {
  const isDirectory = (await lstat(target).catch(() => undefined))?.isDirectory() === true;
  const [from, itself] = [bytesOf(part), isDirectory ? '.' : bytesOf(basename(target))];
  return {
    files: attributes,
    root: isDirectory ? target : dirname(target),
    place: (path) => {
      if (path === from) return itself;
      if (!isDirectory) return undefined;
      if (part === '.') return path;
      return path.startsWith(`${from}/`) ? path.slice(from.length + 1) : undefined;
    },
  };
}
