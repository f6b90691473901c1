import type { Said, SaidCounts } from './said-line.ts';

/** The number of incomplete files for each reason. */
export type GapCounts = Partial<Record<GapKind, number>>;

const kinds = [
  'unread',
  'attributes',
  'links',
  'name-too-long',
  'history-path',
  'unwritten',
] as const satisfies readonly (Said | 'history-path')[];
type GapKind = (typeof kinds)[number];

const words: Record<GapKind, string> = {
  unread: 'could not be read on the server',
  attributes: 'came without attributes that this file system cannot hold (extended attributes or ACLs)',
  links: 'have more hard links than this file system takes for one file, so there are several copies',
  'name-too-long': 'have a name or path that this file system cannot hold',
  'history-path': 'were not updated, because their path is too long for the history',
  unwritten: 'could not be written to the disk',
};

/** Counts from rsync's messages about single files. @param leftOut files that were left out on purpose */
export function gapsIn(said: SaidCounts, leftOut = 0): GapCounts {
  const gaps: GapCounts = {};
  for (const kind of kinds) {
    const count = kind === 'history-path' ? leftOut : said[kind];
    if (count) gaps[kind] = count;
  }
  return gaps;
}

/** One sentence for the operator; undefined when nothing is known about the gaps. No file name. */
export function describeGaps(gaps: GapCounts): string | undefined {
  const parts = kinds.flatMap((kind) => {
    const count = gaps[kind] ?? 0;
    return count === 0 ? [] : [`${String(count)} ${words[kind]}`];
  });
  return parts.length === 0
    ? undefined
    : `Some files on the disk are not as on the server. Files: ${parts.join('; ')}.`;
}
