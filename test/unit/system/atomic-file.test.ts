import { mkdtemp, readdir, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import writeFileAtomic from 'write-file-atomic';
import { removeUnfinished, writeAtomically } from '../../../src/system/atomic-file.ts';

test('what a killed writer left is removed once it is old, and nothing else', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'atomic-'));
  const old = new Date(Date.now() - 120_000);
  const left: string[] = [];
  await writeFileAtomic(join(directory, 'drives.json'), '{}', {
    tmpfileCreated: (name: string) => {
      left.push(name);
    },
  });
  await writeAtomically(join(directory, 'runs.jsonl'), '', false);
  for (const name of [left[0] ?? '', join(directory, 'status.json.42'), join(directory, 'notes.json.bak')]) {
    await writeFile(name, 'torn');
    await utimes(name, old, old);
  }
  await writeFile(join(directory, 'rotation.json.43'), 'somebody writes this now');
  await writeFile(join(directory, 'attaches.json.44'), 'of an agent that was killed just now');
  await removeUnfinished(directory, ['attaches.json'], new Date());
  expect((await readdir(directory)).sort()).toEqual([
    'drives.json',
    'notes.json.bak',
    'rotation.json.43',
    'runs.jsonl',
  ]);
});
