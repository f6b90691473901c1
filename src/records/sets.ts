import type { RotationSetting } from '../config/rotation-setting.ts';

/** A set of disks that takes some of the sources. */
export type DiskSet = NonNullable<RotationSetting['sets']>[number];

/** The facts about a disk that its set needs; `sources` by name, as in the registry, or as a list, as in the status. */
export interface SetDisk {
  readonly label: string;
  readonly lastSuccess: string | null;
  readonly sources?:
    | Readonly<Record<string, { readonly lastSuccess: string | null }>>
    | readonly { readonly name: string; readonly lastSuccess: string | null }[]
    | undefined;
}

/** The disks of one set; without sets, all disks, and no name. */
export interface SetGroup<Disk> {
  readonly set: DiskSet | undefined;
  readonly disks: readonly Disk[];
}

/**
 * Divides disks into their sets. A disk of a set counts as old as the oldest copy of a source of the set on it, and as
 * never filled while one of them is missing: a source that came from another set is not on it yet. Disks of no set are
 * left out.
 */
export function groupsOf<Disk extends SetDisk>(
  disks: readonly Disk[],
  { sets }: Pick<RotationSetting, 'sets'>,
): readonly SetGroup<Disk>[] {
  if (sets === undefined) return [{ set: undefined, disks }];
  return sets.map((set) => ({
    set,
    disks: disks
      .filter(({ label }) => set.drives.includes(label))
      .map((disk) => ({ ...disk, lastSuccess: wholeSuccess(disk, set) })),
  }));
}

/** The age that counts of the copy of one source on a disk; null if it has none. */
export function successOf({ sources }: Pick<SetDisk, 'sources'>, name: string): string | null {
  if (sources === undefined) return null;
  const found = isList(sources) ? sources.find((source) => source.name === name) : sources[name];
  return found?.lastSuccess ?? null;
}

const isList = (
  sources: NonNullable<SetDisk['sources']>,
): sources is readonly { readonly name: string; readonly lastSuccess: string | null }[] => Array.isArray(sources);

function wholeSuccess(disk: SetDisk, { sources }: DiskSet): string | null {
  if (disk.lastSuccess === null) return null;
  let oldest = disk.lastSuccess;
  for (const name of sources) {
    const at = successOf(disk, name);
    if (at === null) return null;
    if (Date.parse(at) < Date.parse(oldest)) oldest = at;
  }
  return oldest;
}

/** A source whose set has no copy of it, although disks outside of the set have one, which grows old. */
export interface MovedSource {
  readonly source: string;
  /** The sets that take it now. */
  readonly sets: readonly string[];
  /** Disks of those sets. */
  readonly drives: readonly string[];
  /** The disk with the freshest copy, and its time. */
  readonly left: { readonly drive: string; readonly at: string };
}

/** Sources that were moved to another set, until that set has a complete copy of them. */
export function movedSources(disks: readonly SetDisk[], { sets }: Pick<RotationSetting, 'sets'>): MovedSource[] {
  if (sets === undefined) return [];
  const names = [...new Set(sets.flatMap(({ sources }) => sources))];
  return names.flatMap((source) => {
    const taking = sets.filter(({ sources }) => sources.includes(source));
    const drives = taking.flatMap((set) => set.drives);
    const copies = disks.flatMap((disk) => {
      const at = successOf(disk, source);
      return at === null ? [] : [{ drive: disk.label, at }];
    });
    if (copies.some(({ drive }) => drives.includes(drive))) return [];
    const [left] = copies.toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at));
    return left === undefined ? [] : [{ source, sets: taking.map(({ name }) => name), drives, left }];
  });
}
