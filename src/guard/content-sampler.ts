import type { Change } from '../history/change.ts';
import { kindOfFile, promisesOrder, type FileKind } from './file-kind.ts';
import { isRansomNote } from './ransom-note.ts';
import { createSample, type Sample } from './sample.ts';

/** Sample size of each sort of files in a run, whatever the run's size. */
const sampleSize = 100;

/** Fewer signs than this may be an accident. */
const fewestSigns = 3;
/** Share of the sampled files of one sort. */
const fewestShare = 0.05;
/** Fewer renamed files than this with one new ending may be an accident. */
const fewestRenamed = 10;

/** Reads the beginnings of files, by the path that rsync prints. undefined if there is no such plain file. */
export interface Heads {
  /** The present beginning of a file of the mirror. */
  now(path: string): Promise<Buffer | undefined>;
  /** The beginning of the file that this run replaced there. */
  before(path: string): Promise<Buffer | undefined>;
}

/** The findings in the sample. */
export interface Findings {
  /** Files that look encrypted and did not before, of `looked`. */
  readonly encrypted: number;
  readonly looked: number;
  readonly notes: number;
  /** New files in the sample that are old ones with the same ending added. */
  readonly renamed: number;
  /** The ending that most of them got. This field and the next ones hold parts of names: only for the disk. */
  readonly ending?: string | undefined;
  /** Names that look like a ransom note. */
  readonly noteNames: readonly string[];
  /** Names of files that look encrypted. */
  readonly examples: readonly string[];
}

/** Collects the sample during a run; its size does not grow with the run. */
export interface ContentSampler {
  see(change: Change): void;
  /** Reads the beginnings of the sample. @param deletions how many files the run has deleted or would delete */
  examine(heads: Heads, deletions: number): Promise<Findings>;
}

export function createContentSampler(random: () => number = Math.random): ContentSampler {
  const changed = createSample<string>(sampleSize, random);
  const created = createSample<string>(sampleSize, random);
  const notes: string[] = [];
  let noteCount = 0;
  return {
    see: ({ kind, isDirectory, path }) => {
      if (isDirectory || kind === 'deleted' || kind === 'attributes') return;
      if (kind === 'changed') {
        changed.offer(path);
        return;
      }
      created.offer(path);
      if (!isRansomNote(path)) return;
      noteCount += 1;
      if (notes.length < 10) notes.push(path);
    },
    examine: async (heads, deletions) => {
      const ofChanged = await examineEach(changed, (path, now) => changedLooksEncrypted(path, now, heads), heads);
      const endings = new Map<string, number>();
      const ofCreated = await examineEach(
        created,
        async (path, now) => {
          const stem = path.slice(0, Math.max(0, path.lastIndexOf('.')));
          const old = stem.endsWith('/') || stem === '' ? undefined : await heads.now(stem);
          if (old) endings.set(path.slice(stem.length), (endings.get(path.slice(stem.length)) ?? 0) + 1);
          return now === 'random' && (old ? isOrdered(kindOfFile(old)) : promisesOrder(path));
        },
        heads,
      );
      const [ending, added] = [...endings].reduce((most, one) => (one[1] > most[1] ? one : most), ['', 0]);
      // Copies beside the old files are not renames.
      const renamed = deletions >= (added / Math.max(1, created.items.length)) * created.offered * 0.5 ? added : 0;
      return {
        encrypted: ofChanged.encrypted.length + ofCreated.encrypted.length,
        looked: ofChanged.looked + ofCreated.looked,
        notes: noteCount,
        renamed,
        ending: renamed >= fewestRenamed ? ending : undefined,
        noteNames: notes,
        examples: [...ofChanged.encrypted, ...ofCreated.encrypted].slice(0, 50),
      };
    },
  };
}

const isOrdered = (kind: FileKind): boolean => kind === 'plain' || kind === 'format';

/** Compares with the replaced file; without one, with the content that the name promises. */
async function changedLooksEncrypted(path: string, now: FileKind, heads: Heads): Promise<boolean> {
  if (now !== 'random') return false;
  const old = await heads.before(path);
  return old === undefined ? promisesOrder(path) : isOrdered(kindOfFile(old));
}

async function examineEach(
  sample: Sample<string>,
  judge: (path: string, now: FileKind) => Promise<boolean>,
  heads: Heads,
): Promise<{ encrypted: string[]; looked: number }> {
  const encrypted: string[] = [];
  let looked = 0;
  for (const path of sample.items) {
    const bytes = await heads.now(path);
    if (bytes === undefined) continue;
    looked += 1;
    if (await judge(path, kindOfFile(bytes))) encrypted.push(path);
  }
  return { encrypted, looked };
}

/** The findings in words; undefined when nothing is wrong. */
export function alarmOf({ encrypted, looked, notes, renamed }: Findings): string | undefined {
  const signs = [
    ...(encrypted >= Math.max(fewestSigns, looked * fewestShare)
      ? [
          `${encrypted} of ${looked} new or changed files in the sample have become unreadable, as if somebody had encrypted them`,
        ]
      : []),
    ...(renamed >= fewestRenamed ? ['many files were renamed to one and the same new ending'] : []),
    ...(notes > 0 ? [`${notes === 1 ? 'a new file is' : `${notes} new files are`} named like a ransom note`] : []),
  ];
  return signs.length === 0 ? undefined : signs.join('; ');
}
