import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/longest-first.ts';
import { factor } from './test/property-runs.ts';

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          setupFiles: 'test/property-runs.ts',
          testTimeout: 30_000 * factor,
          hookTimeout: 60_000,
        },
      },
      // Real processes and real tools on this machine, no kernel features: a few seconds each.
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          setupFiles: 'test/property-runs.ts',
          testTimeout: 60_000 * factor,
          hookTimeout: 60_000,
        },
      },
      // Two emulated machines keep two cores busy; more of them would wait for each other.
      {
        extends: true,
        test: {
          name: 'lab',
          include: ['test/lab/**/*.test.ts'],
          exclude: ['test/lab/long/**'],
          globalSetup: 'test/lab/saved-ahead.ts',
          maxWorkers: 2,
          // What ends a story that hangs: an emulated machine on a busy host can be three times slower than on another one.
          testTimeout: 900_000,
          hookTimeout: 900_000,
        },
      },
      // Stories of many minutes, run by themselves: npm run test:long
      {
        extends: true,
        test: {
          name: 'long',
          include: ['test/lab/long/*.test.ts'],
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 900_000,
        },
      },
    ],
  },
});
