import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createActionLog, type ActionRecord } from '../../../src/records/action-log.ts';
import { defaultPaths, files } from '../../../src/system/paths.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'action-log-'));
});
afterEach(() => rm(root, { recursive: true }));

const action = (result: string): ActionRecord => ({
  ...{ at: '2026-11-24T06:25:00.000Z', kind: 'approval', drive: 'BACKUP_1', by: 'anna', result },
});

it('keeps the action of a command that ends while another one drops the oldest ones', async () => {
  const paths = { ...defaultPaths, state: root };
  const long = 'x'.repeat(4_000); // writing the rest anew takes long enough
  const old = Array.from({ length: 550 }, (_, index) => `${JSON.stringify(action(`${String(index)} ${long}`))}\n`);
  await writeFile(files.actions(paths), old.join(''));
  const first = createActionLog(paths).append(action('first'));
  while ((await readdir(root)).length < 2) await setImmediate(); // until the new file is being written
  await createActionLog(paths).append(action('second')); // it has a lock of its own, as another process has
  await first;
  const kept = (await createActionLog(paths).list()).map(({ result }) => result);
  expect(kept).toHaveLength(501);
  expect(kept.slice(-2)).toEqual(['first', 'second']);
});
