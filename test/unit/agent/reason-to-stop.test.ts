import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { reasonToStop } from '../../../src/agent/reason-to-stop.ts';
import { AgentStoppedError } from '../../../src/errors.ts';
import { defaultPaths, files } from '../../../src/system/paths.ts';

it('a run that the removal of the package ends is not said to go on', async () => {
  const paths = { ...defaultPaths, run: await mkdtemp(join(tmpdir(), 'extbackup-stop-')) };
  expect(await reasonToStop(paths)).toBeInstanceOf(AgentStoppedError);
  await writeFile(files.removing(paths), '');
  const removed = await reasonToStop(paths);
  expect(removed).not.toBeInstanceOf(AgentStoppedError); // which the next agent continues
  expect(removed).toMatchObject({ exitCode: 130, message: expect.stringContaining('does not go on') as string });
  await rm(paths.run, { recursive: true });
});
