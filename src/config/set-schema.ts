import * as z from 'zod';

const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/, 'must be 1 to 40 letters, digits, dots, _ or -');

/** An entry of `rotation.sets`. */
const diskSet = z.strictObject({
  name: name.describe('name of the set, for messages'),
  drives: z.array(z.string()).min(1, 'must name at least one disk').describe('labels of its disks'),
  sources: z
    .array(z.string())
    .min(1, 'must name at least one source')
    .describe('names of the sources that its disks take'),
});

export const diskSets = z.array(diskSet).min(1, 'must have at least one entry').optional();

type Sets = NonNullable<z.infer<typeof diskSets>>;

/** A mistake in the sets: its path below `rotation.sets`, and the words. */
export interface SetProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/**
 * The mistakes that only show in all sets together: every disk belongs to one set, and every source to at least one.
 * @param sources names of the sources of the settings
 */
export function problemsOfSets(sets: Sets, sources: readonly string[]): SetProblem[] {
  if (sources.length === 0) return [{ path: [], message: 'needs sources: a single source has no name' }];
  const names = sets.map((set) => set.name);
  const drives = sets.flatMap((set) => set.drives);
  const problems = sets.flatMap((set, index): SetProblem[] => [
    ...(names.indexOf(set.name) < index ? [{ path: [index, 'name'], message: 'is the name of an earlier set' }] : []),
    ...set.sources.flatMap((source, place) =>
      sources.includes(source)
        ? []
        : [{ path: [index, 'sources', place], message: `is not the name of a source (${sources.join(', ')})` }],
    ),
    ...set.drives.flatMap((drive, place) =>
      drives.indexOf(drive) < placeOf(sets, index, place)
        ? [{ path: [index, 'drives', place], message: 'is in a set already: a disk belongs to one set' }]
        : [],
    ),
  ]);
  const without = sources.filter((source) => !sets.some((set) => set.sources.includes(source)));
  return without.length === 0
    ? problems
    : [...problems, { path: [], message: `must have every source: no disk would take ${without.join(', ')}` }];
}

/** The position of a disk among the disks of all sets. */
const placeOf = (sets: Sets, index: number, place: number): number =>
  sets.slice(0, index).reduce((count, set) => count + set.drives.length, 0) + place;
