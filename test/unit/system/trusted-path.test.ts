import { chmod, chown, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openJudged, type Distrust } from '../../../src/system/trusted-path.ts';

let top: string;
const at = (...parts: string[]): string => join(top, ...parts);
beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'trusted-'));
  await mkdir(at('etc/own'), { recursive: true });
  await writeFile(at('etc/own/file'), 'right', { mode: 0o600 });
});
afterEach(() => rm(top, { recursive: true }));

async function judge(file = at('etc/own/file')): Promise<Distrust | undefined> {
  const { handle, distrust } = await openJudged(file);
  await handle.close();
  return distrust;
}

it('a file that root alone can change is trusted, also through links of root', async () => {
  expect(await judge()).toBeUndefined();
  await symlink('own', at('etc/link'));
  await symlink('../etc/link/file', at('etc/file'));
  expect(await judge(at('etc/file'))).toBeUndefined();
});

it('a file that others can write is not', async () => {
  await chmod(at('etc/own/file'), 0o620);
  expect(await judge()).toEqual({ kind: 'writable', path: at('etc/own/file') });
});

it('a file in or below a directory that others can write is not, but for a sticky one', async () => {
  await chmod(at('etc'), 0o775);
  expect(await judge()).toEqual({ kind: 'directory', path: at('etc') });
  await chmod(at('etc'), 0o1777);
  expect(await judge()).toBeUndefined();
});

it('a file that a link leads to through a directory of others is not', async () => {
  await mkdir(at('open'));
  await symlink(at('etc/own'), at('open/hop'));
  await symlink(at('open/hop/file'), at('etc/config'));
  await chmod(at('open'), 0o777);
  expect(await judge(at('etc/config'))).toEqual({ kind: 'directory', path: at('open') });
});

it.runIf(process.getuid?.() === 0)('what belongs to another user is not', async () => {
  await chown(at('etc'), 1000, 1000);
  expect(await judge()).toEqual({ kind: 'directory', path: at('etc') });
  await chown(at('etc'), 0, 0);
  await chown(at('etc/own/file'), 1000, 1000);
  expect(await judge()).toEqual({ kind: 'owner', path: at('etc/own/file') });
});

it('what is read is the file that was judged, whatever stands there afterwards', async () => {
  const { handle } = await openJudged(at('etc/own/file'));
  await writeFile(at('other'), 'wrong');
  await rename(at('other'), at('etc/own/file'));
  expect(await handle.readFile('utf8')).toBe('right');
  await handle.close();
});
