import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Patient } from '../../../src/doctor/check.ts';
import { watchCheck } from '../../../src/doctor/watch-check.ts';

let proc: string;
beforeEach(async () => {
  proc = await mkdtemp(join(tmpdir(), 'proc-'));
});
afterEach(() => rm(proc, { recursive: true, force: true }));

async function look(limit: number, used: number, code?: string) {
  await mkdir(join(proc, 'sys/fs/inotify'), { recursive: true });
  await writeFile(join(proc, 'sys/fs/inotify/max_user_instances'), `${limit}\n`);
  await mkdir(join(proc, '42/fd'), { recursive: true });
  await symlink('socket:[1]', join(proc, '42/fd/0'));
  for (let fd = 1; fd <= used; fd += 1) await symlink('anon_inode:inotify', join(proc, `42/fd/${fd}`));
  const probe = (): void => {
    if (code !== undefined) throw Object.assign(new Error(code), { code });
  };
  return watchCheck({ proc, probe }).check({} as Patient);
}

it.each([
  [128, 20, undefined, 'ok', /root uses 20 of 128 inotify instances/, /^$/],
  [128, 121, undefined, 'warn', /Few .* 121 of 128/, /max_user_instances=512/],
  [128, 128, 'EMFILE', 'warn', /No inotify instance is left.*128 of 128.*polling/, /max_user_instances=512/],
  [1024, 9, 'ENOSPC', 'warn', /No inotify watch .*max_user_watches/, /sysctl fs\.inotify\.max_user_watches=524288/],
] as const)(
  'of %i instances %i are used, and one more ends with %s: %s',
  async (limit, taken, code, verdict, happened, todo) => {
    expect(await look(limit, taken, code)).toEqual({
      verdict,
      happened: expect.stringMatching(happened) as string,
      todo: expect.stringMatching(todo) as string,
    });
  },
);
