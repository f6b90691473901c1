import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { inject } from 'vitest';
import { hostArchitecture } from '../../debian/architecture.ts';
import { buildDeb, type Variant } from '../../debian/deb.ts';

/**
 * A package that tests only look at: the first one that asks builds it, in whatever worker.
 * @returns path of the .deb
 */
export async function preparedPackage({
  architecture = hostArchitecture(),
  suffix = '',
}: Variant = {}): Promise<string> {
  const place = join(inject('prepared').packages, `${architecture}${suffix}`);
  if (!(await isFirst(place))) return builtByOther(place);
  try {
    return await buildDeb(place, { architecture, suffix });
  } catch (error) {
    await writeFile(join(place, 'failed'), String(error));
    throw error;
  }
}

const isFirst = (place: string): Promise<boolean> =>
  mkdir(place).then(
    () => true,
    (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    },
  );

/** Ends when the package is there, or with the test's time. */
async function builtByOther(place: string): Promise<string> {
  for (;;) {
    const files = await readdir(place);
    const deb = files.find((file) => file.endsWith('.deb'));
    if (deb !== undefined) return join(place, deb);
    if (files.includes('failed')) throw new Error(await readFile(join(place, 'failed'), 'utf8'));
    await setTimeout(100);
  }
}
