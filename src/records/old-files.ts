import { mkdir } from 'node:fs/promises';
import * as z from 'zod';
import { readIfThere, writeAtomically } from '../system/atomic-file.ts';
import { isThere } from '../system/is-there.ts';
import { parseJson } from '../system/parse-json.ts';
import { files, type Paths } from '../system/paths.ts';

const schema = z.object({ version: z.literal(1), files: z.array(z.string()) });

/** Notes the files with salt, check value or ssh key that an adoption left where they were. */
export async function noteOldFiles(paths: Paths, found: readonly string[]): Promise<void> {
  await mkdir(paths.state, { recursive: true, mode: 0o700 });
  await writeAtomically(files.oldFiles(paths), `${JSON.stringify({ version: 1, files: found })}\n`, true);
}

/** The noted files that are still there. A missing or damaged record counts as none. */
export async function oldFilesLeft(paths: Paths): Promise<string[]> {
  const noted = parseJson(schema, await readIfThere(files.oldFiles(paths)).catch(() => undefined));
  const left = await Promise.all((noted?.files ?? []).map(async (file) => ((await isThere(file)) ? [file] : [])));
  return left.flat();
}
