import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dataFormat } from '../src/records/data-format.ts';
import { root } from './root.ts';

/** The scripts that dpkg runs; see deb-preinst(5) and its neighbours. */
export const maintainerScripts = ['preinst', 'postinst', 'prerm', 'postrm'] as const;

/**
 * The text of one script.
 * @param version of the package
 * @param format of the records that its program knows
 */
export async function maintainerScript(
  name: (typeof maintainerScripts)[number],
  version: string,
  format: number = dataFormat,
): Promise<string> {
  const text = await readFile(join(root, 'debian', name), 'utf8');
  return text.replaceAll('@VERSION@', version).replaceAll('@FORMAT@', String(format));
}
