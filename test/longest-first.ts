import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The files that take longest, the longest first. All others follow as always. */
const longest = [
  'stolen-station',
  'more-faults',
  'rotation',
  'drives',
  'refusals',
  'faults',
  'plug-in',
  'custody',
  'held-runs',
].map((name) => `/test/lab/stories/${name}.test.ts`);

/** Begins with what takes longest, so that at the end no worker has a long file left while the other one has nothing to do. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const rank = ({ moduleId }: TestSpecification): number => {
      const index = longest.findIndex((name) => moduleId.endsWith(name));
      return index < 0 ? longest.length : index;
    };
    return sorted.sort((a, b) => rank(a) - rank(b));
  }
}
