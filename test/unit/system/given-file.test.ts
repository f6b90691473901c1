import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readIfThere } from '../../../src/system/atomic-file.ts';
import { readText, refuseToReplace } from '../../../src/system/given-file.ts';

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'extbackup-given-'));
  await execa('/usr/bin/mkfifo', [join(directory, 'pipe')]);
  await writeFile(join(directory, 'plain'), 'text');
});
afterAll(() => rm(directory, { recursive: true }));

it.each(['pipe', '.', '/dev/zero'])('refuses at once what could be read forever: %s', async (name) => {
  const file = name.startsWith('/') ? name : join(directory, name);
  const refusal = { code: 'EXB_USAGE', message: expect.stringContaining('is not a plain file') as string };
  await expect(readText(file)).rejects.toMatchObject(refusal);
  await expect(readIfThere(file)).rejects.toMatchObject(refusal);
  await expect(refuseToReplace(file)).rejects.toMatchObject(refusal);
});

it('reads a plain file, and lets it or a missing one be replaced', async () => {
  expect(await readText(join(directory, 'plain'))).toBe('text');
  expect(await readIfThere(join(directory, 'missing'))).toBeUndefined();
  await refuseToReplace(join(directory, 'plain'));
  await refuseToReplace(join(directory, 'missing'));
});
