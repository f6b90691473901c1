import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { bundleProgram } from '../debian/bundle.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Directory of the program as the package brings it; built once for all integration tests. */
    program: string;
  }
}

/** Builds the program before the first integration test, and removes it after the last one. */
export default async function bundleOnce(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), 'extbackup-program-'));
  await bundleProgram(directory);
  project.provide('program', directory);
  return () => rm(directory, { recursive: true, force: true });
}
