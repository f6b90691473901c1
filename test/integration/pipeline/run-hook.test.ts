import { chmod, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Hook } from '../../../src/config/hook-schema.ts';
import { startProgram } from '../../../src/system/command.ts';
import { runHook } from '../../../src/pipeline/run-hook.ts';

let room: string;
beforeAll(async () => {
  room = await mkdtemp(join(tmpdir(), 'extbackup-hook-'));
});
afterAll(() => rm(room, { recursive: true }));

const never = new AbortController().signal;

/** Runs a hook that is this shell script. */
async function hook(script: string, change: Partial<Hook> = {}, mode = 0o755): Promise<string | undefined> {
  const command = join(room, 'hook');
  await writeFile(command, `#!/bin/sh\n${script}\n`);
  await chmod(command, mode);
  return runHook(
    startProgram,
    { when: 'before-sync', command, args: [], timeout: 5_000, ...change },
    { EXTBACKUP_DRIVE: 'BACKUP_1' },
    never,
  );
}

/** A zombie that nobody reaps here is none. */
async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8').catch(() => '');
  return stat !== '' && !/^\d+ \(.*\) Z/.test(stat);
}

describe('a hook', () => {
  it('gets its arguments as they are, and nothing of ours: no variable, no open file, no input', async () => {
    process.env['EXTBACKUP_TEST_SECRET'] = 'secret';
    const [out, key] = [join(room, 'seen'), join(room, 'key')];
    const handle = await open(key, 'w');
    try {
      expect(
        await hook(`exec 3>"$1"; echo "$2" >&3; env >&3; readlink /proc/$$/fd/* >&3; echo "input <$(cat)>" >&3`, {
          args: [out, '$HOME; *'],
        }),
      ).toBeUndefined();
    } finally {
      await handle.close();
      delete process.env['EXTBACKUP_TEST_SECRET'];
    }
    const seen = (await readFile(out, 'utf8')).split('\n');
    expect(seen[0]).toBe('$HOME; *');
    expect(seen.filter((line) => /^[A-Z_]+=/.test(line) && !/^(PWD|OLDPWD|SHLVL|_)=/.test(line)).sort()).toEqual([
      'EXTBACKUP_DRIVE=BACKUP_1',
      'LC_ALL=C.UTF-8',
      'PATH=/usr/sbin:/usr/bin:/sbin:/bin',
    ]);
    expect(seen).toContain(out); // it did list what it has open
    expect(seen).not.toContain(key);
    expect(seen).toContain('input <>');
  });

  it.each([
    [
      'its exit code and first line',
      "echo out; printf 'no \\033[31mspace\\nmore\\n' >&2; exit 3",
      'ended with exit code 3: no  [31mspace',
    ],
    [
      'no line that may name a file',
      "echo 'rm: /mnt/plaintext/backups/Secret: no' >&2; exit 1",
      'ended with exit code 1',
    ],
    [
      'no more of a line than is readable',
      'head -c 100000 /dev/zero | tr "\\0" x >&2; exit 1',
      `ended with exit code 1: ${'x'.repeat(200)}`,
    ],
  ])('that fails tells %s', async (_what, script, reason) => {
    expect(await hook(script)).toBe(reason);
  });

  it('is ended when its time is over', async () => {
    expect(await hook('exec sleep 60', { timeout: 200 })).toBe('took too long and was ended');
  });

  it.each([
    ['when its time is over', 'sleep 60 & echo $! >"$1"; wait', 200, 'took too long and was ended'],
    [
      'also those that let go of everything',
      '(trap "" TERM; sleep 60) </dev/null >/dev/null 2>&1 & echo $! >"$1"; sleep 60',
      200,
      'took too long and was ended',
    ],
    ['when it went well and left one behind', 'sleep 60 </dev/null >/dev/null 2>&1 & echo $! >"$1"', 30_000, undefined],
  ])('takes its children along: %s', async (_when, script, timeout, reason) => {
    const file = join(room, 'child');
    expect(await hook(script, { timeout, args: [file] })).toBe(reason);
    const child = Number(await readFile(file, 'utf8'));
    await expect.poll(() => isAlive(child)).toBe(false);
  });

  it('is not started when others can write it, or it is not there', async () => {
    expect(await hook('exit 0', {}, 0o777)).toContain('was not started: it does not belong to root');
    expect(await hook('exit 0', { command: join(room, 'missing') })).toBe('was not started: it is not there');
  });
});
