import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The slowest files, the slowest first. All others follow in the usual order. */
const longest = [
  ...['restore', 'verify', 'package', 'triggers', 'rotation', 'stolen-station', 'hostile-box', 'refusals'].map(
    (name) => `lab/stories/${name}`,
  ),
  ...['plug-in', 'drives', 'keys', 'own-cost', 'held-runs', 'faults', 'custody'].map((name) => `lab/stories/${name}`),
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
