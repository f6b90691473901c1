import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { configSchema } from '../../../src/config/schema.ts';
import type { ConfiguredPatient, Verdict } from '../../../src/doctor/check.ts';
import { serverChecks } from '../../../src/doctor/server-checks.ts';
import { CommandError, type StartProgram } from '../../../src/system/command.ts';

let top = '';
beforeAll(async () => {
  top = await mkdtemp(`${tmpdir()}/server-`);
  await mkdir(`${top}/ramfs`);
  await mkdir(`${top}/source`);
  await writeFile(`${top}/ramfs/id_ed25519.decrypted`, 'key');
});
afterAll(async () => {
  await rm(top, { recursive: true });
});

/** What sshd does with a command: hands it to the forced command, or to a shell. */
const asServer =
  (file: string, forced: (command: string) => readonly string[]): StartProgram =>
  ({ args }) =>
    new Promise((resolve, reject) => {
      const command = args.at(-1) ?? '';
      const child = execFile(
        file,
        forced(command),
        { env: { SSH_ORIGINAL_COMMAND: command, PATH: '/usr/bin:/bin' } },
        (error, stdout, stderr) => {
          const code = error === null ? 0 : Number(error.code);
          if (code === 0) resolve({ exitCode: 0, stdout, stderr });
          else reject(new CommandError('/usr/bin/ssh', [], 'failed', code, stderr));
        },
      );
      child.stdin?.end();
    });

const servers = {
  'a read-only forced command': asServer('/usr/bin/rrsync', () => ['-ro', `${top}/source`]),
  'a forced command that may write': asServer('/usr/bin/rrsync', () => [`${top}/source`]),
  'one that may write, with a banner about read-only access': asServer('/bin/sh', () => [
    '-c',
    `echo 'This account is read-only; sending data to it is forbidden.' >&2; exec /usr/bin/rrsync ${top}/source`,
  ]),
  'a shell': asServer('/bin/sh', (command) => ['-c', command]),
};

async function verdict(name: string, start: StartProgram): Promise<Verdict | undefined> {
  const config = configSchema.parse({ source: 'extbackup@backup.example.org', key: { derivation: 'sha512' } });
  const paths = { config: top, etc: top, state: top, run: top, ramfs: `${top}/ramfs`, plaintext: top };
  const patient: ConfiguredPatient = { paths, start, now: new Date(), fix: false, config };
  return (await serverChecks.find((check) => check.name === name)?.check(patient))?.verdict;
}

test.each([
  ['a read-only forced command', 'ok', 'ok'],
  ['a forced command that may write', 'ok', 'fail'],
  ['one that may write, with a banner about read-only access', 'ok', 'fail'],
  ['a shell', 'fail', 'fail'],
] as const)('behind ssh is %s: runs no commands %s, read only %s', async (name, commands, readOnly) => {
  expect(await verdict('server', servers[name])).toBe(commands);
  expect(await verdict('server-read-only', servers[name])).toBe(readOnly);
});
