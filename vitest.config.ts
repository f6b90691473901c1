import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/longest-first.ts';
import { factor } from './test/property-runs.ts';
import { temporaryDirectory } from './test/temporary-directory.ts';

/** The stories that `npm test` runs: the main job, the worst moments of a run, a held run, and what a thief of the station finds. */
const coreStories = ['plug-in', 'faults', 'held-runs', 'custody'].map((name) => `test/lab/stories/${name}.test.ts`);

const lab = {
  globalSetup: ['test/lab/saved-ahead.ts', 'test/lab/attack-table.ts'],
  // What ends a story that hangs: an emulated machine on a busy host can be three times slower than on another one.
  testTimeout: 1_800_000,
  hookTimeout: 1_800_000,
};

const TMPDIR = temporaryDirectory();

const realTools = {
  env: { TMPDIR },
  globalSetup: 'test/prepare-integration.ts',
  isolate: false,
  setupFiles: 'test/property-runs.ts',
  testTimeout: 120_000 * factor,
  hookTimeout: 60_000,
};

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    // Two emulated machines keep two cores busy. npm test asks for more where tests mostly wait for programs and clocks.
    maxWorkers: Number(process.env['TEST_WORKERS'] ?? 2),
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          env: { TZ: 'UTC', TMPDIR }, // what is shown to people is in local time
          include: ['test/unit/**/*.test.ts'],
          isolate: false, // loading all modules anew for every file took two thirds of the time
          // After the tests that wait. These only calculate: more processes would only load all modules more often.
          maxWorkers: availableParallelism(),
          sequence: { groupOrder: 1 },
          setupFiles: 'test/property-runs.ts',
          testTimeout: 30_000 * factor,
          hookTimeout: 60_000,
        },
      },
      // Real processes and real tools on this machine, no kernel features: a few seconds each.
      { extends: true, test: { ...realTools, name: 'integration', include: ['test/integration/**/*.test.ts'] } },
      // The built package, read with Debian's tools. Packages are built to be looked at, not to be small.
      {
        extends: true,
        test: {
          ...realTools,
          name: 'package',
          include: ['test/package/*.test.ts'],
          env: { TMPDIR, DPKG_DEB_COMPRESSOR_LEVEL: '1' },
        },
      },
      {
        extends: true,
        test: { ...lab, name: 'core', include: coreStories },
      },
      // All stories; without those of the core where LAB_WITHOUT_CORE says that they have just been run.
      {
        extends: true,
        test: {
          ...lab,
          name: 'lab',
          include: ['test/lab/**/*.test.ts'],
          exclude: ['test/lab/long/**', 'test/lab/arm64/**', ...(process.env['LAB_WITHOUT_CORE'] ? coreStories : [])],
        },
      },
      // The HTML pages in Chromium: npm run test:pages
      {
        extends: true,
        test: { name: 'pages', include: ['test/pages/**/*.test.ts'], testTimeout: 120_000, hookTimeout: 120_000 },
      },
      // The package for arm64, on an emulated board: npm run test:arm64
      {
        extends: true,
        test: { name: 'arm64', include: ['test/lab/arm64/*.test.ts'], testTimeout: 1_800_000, hookTimeout: 5_400_000 },
      },
      // Stories of many minutes, run by themselves: npm run test:long
      {
        extends: true,
        test: {
          name: 'long',
          globalSetup: 'test/lab/saved-ahead.ts',
          include: ['test/lab/long/*.test.ts'],
          fileParallelism: false,
          testTimeout: 1_800_000,
          hookTimeout: 1_800_000,
        },
      },
    ],
  },
});
