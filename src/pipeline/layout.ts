import * as z from 'zod';
import type { PullSource } from '../config/sources.ts';
import { DriveError, PullError, type ExtbackupError } from '../errors.ts';
import { parseJson } from '../system/parse-json.ts';
import type { Job } from './job.ts';
import type { Machine, MirrorEntry } from './machine.ts';
import type { Story } from './story.ts';

/**
 * File on the disk with the sources that have their own directory in its mirror; absent for a single source. It is only
 * compared with the settings and never replaces them.
 */
export const layoutPath = '.extbackup/layout.json';

const layoutSchema = z.strictObject({
  version: z.literal(1),
  sources: z.array(z.strictObject({ name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/), source: z.string() })),
});
type Layout = z.infer<typeof layoutSchema>;

/** The state found in the sources' directories. */
export interface MirrorLayout {
  /** Names of sources whose directory is not empty. */
  readonly filled: ReadonlySet<string>;
}

/**
 * Compares the mirror on the disk with the sources of the settings before anything is pulled, and refuses the run if
 * they disagree: a pull of one source into the directory of another would delete that copy.
 * @throws DriveError
 */
export async function settleLayout(job: Job, machine: Machine, story: Story): Promise<MirrorLayout> {
  const { record } = job;
  const sources = job.sources.flatMap(({ name, source }) => (name === undefined ? [] : [{ name, source }]));
  const text = await machine.readInside(layoutPath);
  if (sources.length === 0) {
    if (text !== undefined) throw holdsSeveral(record.label, parseJson(layoutSchema, text));
    return { filled: new Set() };
  }
  const entries = await machine.topOfMirror();
  const filled = new Set(entries.filter(({ kind }) => kind === 'directory').map(({ name }) => name));
  const known = parseJson(layoutSchema, text);
  if (known === undefined && !entries.every((entry) => isOf(sources, entry)))
    throw holdsOne(record.label, mirrorOf(job));
  const left = (known?.sources ?? []).filter(
    ({ name }) => filled.has(name) && !sources.some((source) => source.name === name),
  );
  const renamed = sources.find(
    ({ name, source }) => !filled.has(name) && left.some((other) => other.source === source),
  );
  if (renamed)
    throw wasRenamed(
      record.label,
      mirrorOf(job),
      left.find(({ source }) => source === renamed.source)?.name ?? '',
      renamed.name,
    );
  for (const { name } of left) {
    const sets = setsWith(job, name);
    const news =
      sets.length > 0
        ? ofAnotherSet(record.label, mirrorOf(job), name, sets)
        : noLongerWanted(record.label, mirrorOf(job), name);
    story.tell('run:warned', { about: 'layout', ...news });
  }
  const wanted = `${JSON.stringify({ version: 1, sources: [...sources, ...left] } satisfies Layout)}\n`;
  if (wanted !== text) await write(machine, wanted);
  return { filled };
}

const mirrorOf = ({ record }: Job): string => record.mirror ?? 'backups';

const isOf = (sources: readonly Pick<PullSource, 'name'>[], { name, kind }: MirrorEntry): boolean =>
  kind !== 'other' && sources.some((source) => source.name === name);

async function write(machine: Machine, content: string): Promise<void> {
  try {
    await machine.writeInside(layoutPath, content);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOSPC') throw cause;
    throw new PullError(
      'EXB_DISK_FULL',
      'The backup disk is full; nothing was pulled.',
      'Use a larger disk: extbackup drive prepare --help',
      cause,
    );
  }
}

const refused = (happened: string, todo: string): ExtbackupError =>
  new DriveError('EXB_LAYOUT', `${happened} Nothing on it was changed.`, `${todo} See extbackup(8), SEVERAL SOURCES.`);

function holdsSeveral(label: string, layout: Layout | undefined): ExtbackupError {
  const which =
    layout === undefined ? 'several sources' : `the sources ${layout.sources.map(({ name }) => name).join(', ')}`;
  return refused(
    `Disk ${label} holds ${which}, each in a directory of its own, but the settings have a single source:. ` +
      'Its copy would replace all of them.',
    'Put sources: back into /etc/extbackup/config.yaml, with one entry if only one is left; ' +
      'or use another disk: extbackup drive prepare --help',
  );
}

function holdsOne(label: string, mirror: string): ExtbackupError {
  return refused(
    `Disk ${label} holds files in ${mirror}/ that belong to none of the sources: in the settings; ` +
      'most likely the copy of a single source:.',
    'Use another disk: extbackup drive prepare --help ; or keep that copy as the one of a source NAME: extbackup ' +
      `mount ${label} --read-write, then in /mnt/plaintext: mv ${mirror} NAME, mkdir ${mirror}, mv NAME ${mirror}/ ; ` +
      'extbackup umount, and run again.',
  );
}

function wasRenamed(label: string, mirror: string, before: string, after: string): ExtbackupError {
  return refused(
    `The source ${after} is on disk ${label} under the name ${before}. Under its new name all of it would be copied again.`,
    `Put the name ${before} back into the settings; or rename the copy, too: extbackup mount ${label} --read-write, ` +
      `mv /mnt/plaintext/${mirror}/${before} /mnt/plaintext/${mirror}/${after}, extbackup umount, then run again.`,
  );
}

const noLongerWanted = (
  label: string,
  mirror: string,
  name: string,
): { readonly reason: string; readonly todo: string } => ({
  reason: `Disk ${label} still holds the copy of ${name}, which is no longer among the sources. It is kept, but no longer updated.`,
  todo:
    `Put it back under sources:, or give the copy up: extbackup mount ${label} --read-write, ` +
    `rm -r /mnt/plaintext/${mirror}/${name}, extbackup umount.`,
});

const setsWith = ({ config }: Job, source: string): string[] =>
  (config.rotation.sets ?? []).filter(({ sources }) => sources.includes(source)).map(({ name }) => name);

const ofAnotherSet = (
  label: string,
  mirror: string,
  name: string,
  sets: readonly string[],
): { readonly reason: string; readonly todo: string } => ({
  reason: `Disk ${label} still holds a copy of ${name}, which the set ${sets.join(', ')} takes now. It is kept, but no longer updated.`,
  todo:
    `When a disk of that set has a complete copy, it may go: extbackup mount ${label} --read-write, ` +
    `rm -r /mnt/plaintext/${mirror}/${name}, extbackup umount.`,
});
