/** The format of the records on the station and on the disks, so that an older program does not misread them. */
import { mkdir } from 'node:fs/promises';
import { ExtbackupError, exitCodes } from '../errors.ts';
import { readIfThere, writeAtomically } from '../system/atomic-file.ts';
import { jsonOf } from '../system/parse-json.ts';
import { files, type Paths } from '../system/paths.ts';

/** Raise it with every change that an older program would misread. The package's preinst compares it, too. */
export const dataFormat = 1;

interface Noted {
  readonly format: number;
  /** Version of the program that wrote it. */
  readonly writtenBy: string;
}

/**
 * Throws ExtbackupError when a newer version of extbackup wrote the records. Without the file they are older than it.
 * Another user than root cannot read the file, and none of the records either.
 */
export async function requireKnownData(paths: Paths): Promise<void> {
  const noted = await readNoted(paths);
  if (noted === undefined || noted.format <= dataFormat) return;
  throw new ExtbackupError('EXB_NEWER_DATA', exitCodes.usage, {
    happened:
      `The records in ${paths.state} are of format ${noted.format}, written by extbackup ${noted.writtenBy}. ` +
      `This version knows formats up to ${dataFormat}, and changes nothing.`,
    todo: 'Install that version again, or a newer one. See: apt-cache policy extbackup',
  });
}

/** Notes the format of this program, where none or an older one is noted. Throws as {@link requireKnownData}. */
export async function noteDataFormat(paths: Paths, version: string): Promise<void> {
  await requireKnownData(paths);
  if ((await readNoted(paths))?.format === dataFormat) return;
  const noted: Noted = { format: dataFormat, writtenBy: version };
  await mkdir(paths.state, { recursive: true, mode: 0o700 });
  await writeAtomically(files.dataFormat(paths), `${JSON.stringify(noted)}\n`, true);
}

/** A damaged file counts as none: the records have checks of their own. */
async function readNoted(paths: Paths): Promise<Noted | undefined> {
  const content = jsonOf((await readIfThere(files.dataFormat(paths)).catch(() => undefined)) ?? '');
  if (typeof content !== 'object' || content === null) return undefined;
  const { format, writtenBy } = content as Readonly<Record<string, unknown>>;
  return Number.isInteger(format) ? { format: Number(format), writtenBy: String(writtenBy) } : undefined;
}
