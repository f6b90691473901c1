import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The slowest files, the slowest first. All others follow in the usual order. */
const longest = [
  ...['stolen-station', 'rotation', 'drives', 'refusals', 'faults', 'plug-in', 'custody', 'held-runs'].map(
    (name) => `lab/stories/${name}`,
  ),
  ...['history/held-runs', 'setup/guide', 'keys/unlock-and-lock', 'system/command', 'history/named-deletion'].map(
    (name) => `integration/${name}`,
  ),
  ...['rekey/change-password', 'history/old-attributes', 'setup/setup', 'rsync/progress', 'restore/browse'].map(
    (name) => `integration/${name}`,
  ),
  ...['setup/server-script', 'rekey/killed-change', 'terminal/typed-passwords', 'rsync/stall', 'restore/drill'].map(
    (name) => `integration/${name}`,
  ),
].map((name) => `/test/${name}.test.ts`);

/** Starts the slowest files first, so that all workers end at about the same time. */
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
