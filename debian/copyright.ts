import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from './bundle.ts';

/**
 * The copyright file: our licence, then the licence of every library in the bundle, in full unless Debian has the text.
 * @param packages names below node_modules
 */
export async function copyrightFile(packages: readonly string[]): Promise<string> {
  const parts = [`extbackup\n\n${await readFile(join(root, 'LICENSE'), 'utf8')}`];
  for (const name of packages) parts.push(await licenceOf(name));
  return `${parts.map((part) => part.trim()).join(`\n\n${'-'.repeat(72)}\n\n`)}\n`;
}

async function licenceOf(name: string): Promise<string> {
  const directory = join(root, 'node_modules', name);
  const { version, license } = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8')) as {
    version: string;
    license?: string;
  };
  const file = (await readdir(directory)).find((entry) => /^licen[cs]e(\.md|\.txt)?$/i.test(entry));
  const text = file === undefined ? `Licence: ${license ?? 'unknown'}` : await readFile(join(directory, file), 'utf8');
  return `The program contains ${name} ${version}:\n\n${license === 'Apache-2.0' ? apache(text) : text}`;
}

/** Debian policy 12.5: licences that every system has are referenced, not repeated. */
function apache(text: string): string {
  const holders = text
    .split('\n')
    .filter((line) => /^\s*Copyright (?!\[)\S/.test(line))
    .map((line) => line.trim());
  return [
    ...holders,
    'Licensed under the Apache License, Version 2.0. On Debian systems its full text is in',
    '/usr/share/common-licenses/Apache-2.0.',
  ].join('\n');
}
