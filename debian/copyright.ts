import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BundledPackage } from './bundled-packages.ts';
import { root } from './root.ts';

/** The copyright file: our licence, then the licence of every library in the bundle, in full unless Debian has the text. */
export async function copyrightFile(packages: readonly BundledPackage[]): Promise<string> {
  const parts = [`extbackup\n\n${await readFile(join(root, 'LICENSE'), 'utf8')}`];
  for (const bundled of packages) parts.push(await licenceOf(bundled));
  return `${parts.map((part) => part.trim()).join(`\n\n${'-'.repeat(72)}\n\n`)}\n`;
}

async function licenceOf({ path, name, version, licence }: BundledPackage): Promise<string> {
  // The binaries of usb are packages without a licence file; the licence of usb applies.
  const directory = join(root, name.startsWith('@node-usb/') ? 'node_modules/usb' : path);
  const file = (await readdir(directory)).find((entry) => /^licen[cs]e([-.].*)?$/i.test(entry));
  const text =
    file === undefined
      ? `Licence: ${licence}\n\n${licenceSection(await readFile(join(directory, 'README.md'), 'utf8'))}`
      : await readFile(join(directory, file), 'utf8');
  return `The program contains ${name} ${version}:\n\n${licence === 'Apache-2.0' ? apache(text) : text}`;
}

/** From the heading about the licence to the end. */
const licenceSection = (readme: string): string => readme.slice(Math.max(readme.search(/^(#+ *)?licen[cs]e\b/im), 0));

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
