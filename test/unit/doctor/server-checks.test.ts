import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { configSchema } from '../../../src/config/schema.ts';
import type { ConfiguredPatient, Finding } from '../../../src/doctor/check.ts';
import { serverChecks } from '../../../src/doctor/server-checks.ts';
import { CommandError, type StartProgram } from '../../../src/system/command.ts';

let top = '';
beforeEach(async () => {
  top = await mkdtemp(`${tmpdir()}/doctor-`);
  await mkdir(`${top}/ramfs`);
  await writeFile(`${top}/ramfs/id_ed25519.decrypted`, 'key');
});
afterEach(async () => {
  await rm(top, { recursive: true });
});

const fails =
  (exitCode: number, stderr: string): StartProgram =>
  ({ file, args }) =>
    Promise.reject(new CommandError(file, args, 'failed', exitCode, stderr));
const prints =
  (stdout: string): StartProgram =>
  () =>
    Promise.resolve({ exitCode: 0, stdout, stderr: '' });

function patient(start: StartProgram, more: Partial<ConfiguredPatient> = {}): ConfiguredPatient {
  const config = configSchema.parse({
    source: 'extbackup@backup.example.org',
    key: { derivation: 'sha512' },
    ssh: { knownHosts: `${top}/known_hosts` },
  });
  const paths = { config: `${top}/c`, etc: top, state: top, run: top, ramfs: `${top}/ramfs`, plaintext: top };
  return { paths, start, now: new Date(0), fix: false, config, ...more };
}

const look = async (name: string, who: ConfiguredPatient): Promise<Omit<Finding, 'name'> | undefined> =>
  serverChecks.find((check) => check.name === name)?.check(who);

describe('the server', () => {
  test('that refuses a command and knows the key is well', async () => {
    expect(
      await look('server', patient(fails(1, '/usr/bin/rrsync error: SSH_ORIGINAL_COMMAND does not run rsync'))),
    ).toMatchObject({ verdict: 'ok' });
  });

  test('that runs a command is a failure', async () => {
    const echo: StartProgram = ({ args }) =>
      prints(`${args.at(-1)?.replace('echo ', '') ?? ''}\n`)({ file: '/usr/bin/ssh', args, timeoutMs: 1 });
    expect(await look('server', patient(echo))).toMatchObject({
      verdict: 'fail',
      todo: expect.stringContaining('server-setup') as string,
    });
  });

  test.each([
    ['extbackup@backup.example.org: Permission denied (publickey).', /does not accept this station's ssh key/],
    ['Host key verification failed.', /another host key/],
    ['ssh: connect to host backup.example.org port 22: Connection refused', /does not answer/],
  ])('that ends with "%s" is told apart', async (stderr, happened) => {
    const finding = await look('server', patient(fails(255, stderr)));
    expect(finding?.verdict).toBe('fail');
    expect(finding?.happened).toMatch(happened);
  });

  test('is only read-only when it refuses to be written to', async () => {
    expect(
      await look('server-read-only', patient(fails(1, 'rrsync error: sending to read-only server is not allowed'))),
    ).toMatchObject({ verdict: 'ok' });
    expect(await look('server-read-only', patient(fails(12, 'unexpected end of file')))).toMatchObject({
      verdict: 'fail',
    });
    expect(await look('server-read-only', patient(fails(255, 'no route')))).toMatchObject({ verdict: 'warn' });
  });

  test('is each of several: the worst decides, and each is named', async () => {
    const config = configSchema.parse({
      sources: [
        { name: 'a', source: 'u@one' },
        { name: 'b', source: 'u@one:b' },
        { name: 'c', source: 'u@two', port: 2222 },
      ],
      key: { derivation: 'sha512' },
    });
    const asked: string[] = [];
    const start: StartProgram = ({ args }) => {
      if (args.at(-1) !== '/usr/bin/true') asked.push(`${args[args.indexOf('-p') + 1] ?? ''} ${args.at(-2) ?? ''}`); // that is the trial of the box
      return fails(
        args.includes('u@two') ? 255 : 1,
        args.includes('u@two') ? 'Connection refused' : 'refused',
      )({ file: '/usr/bin/ssh', args, timeoutMs: 1 });
    };
    const finding = await look('server', patient(start, { config }));
    expect(asked).toEqual(['22 u@one', '2222 u@two']);
    expect(finding).toMatchObject({
      verdict: 'fail',
      happened: 'u@one: u@one knows this station and runs no commands for it. u@two: u@two does not answer.',
      todo: expect.stringMatching(/^u@two: Check/) as string,
    });
  });

  test('is not asked without the ssh key', async () => {
    await rm(`${top}/ramfs/id_ed25519.decrypted`);
    const refuse: StartProgram = () => Promise.reject(new Error('nothing may be started'));
    expect(await look('server', patient(refuse))).toMatchObject({ verdict: 'warn' });
  });
});

describe("the server's heartbeat", () => {
  /** As rsync does: puts the file, if there is one, where it is told to. */
  const serves =
    (content?: string): StartProgram =>
    async ({ args }) => {
      if (content !== undefined) await writeFile(`${args.at(-1) ?? ''}.extbackup-heartbeat`, content);
      return { exitCode: 0, stdout: '', stderr: '' };
    };
  const asked = (start: StartProgram): ConfiguredPatient => {
    const who = patient(start, { now: new Date('2026-03-12T00:00:00Z') });
    return {
      ...who,
      config: {
        ...who.config,
        attestation: { id: 'main-backup', file: '.extbackup-heartbeat', maxAge: 9 * 86_400_000 },
      },
    };
  };

  test.each([
    ['ok', 'main-backup\n2026-03-10T00:00:00Z\n', /last heartbeat is 2 days old/],
    [
      'fail',
      'main-backup\n2026-03-01T00:00:00Z\n',
      /next run will be held: the main backup itself has not run for 11 days/,
    ],
    ['fail', 'other-backup\n2026-03-10T00:00:00Z\n', /belongs to another backup/],
    ['fail', undefined, /there is no heartbeat/],
  ])('is %s with %j', async (verdict, content, happened) => {
    const finding = await look('heartbeat', asked(serves(content)));
    expect(finding).toMatchObject({ verdict, happened: expect.stringMatching(happened) as string });
    expect((await readdir(top)).filter((name) => name.startsWith('doctor-'))).toEqual([]);
  });

  test('that cannot be read says why, and one that is not wanted is not asked for', async () => {
    expect(await look('heartbeat', asked(fails(255, 'Permission denied (publickey).')))).toMatchObject({
      verdict: 'fail',
      happened: expect.stringContaining('did not accept the ssh key') as string,
    });
    expect(
      await look(
        'heartbeat',
        patient(() => Promise.reject(new Error('nothing may be started'))),
      ),
    ).toMatchObject({ verdict: 'ok' });
  });
});

describe('the host key', () => {
  const scanned = 'backup.example.org ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHVnaWI=\n';

  test('that is missing is pinned only when asked to, and then shown', async () => {
    expect(await look('host-key', patient(prints(scanned)))).toMatchObject({ verdict: 'fail' });
    expect(await look('host-key', patient(prints(scanned)))).toMatchObject({ verdict: 'fail' });
    const pinned = await look('host-key', patient(prints(scanned), { fix: true }));
    expect(pinned).toMatchObject({
      verdict: 'warn',
      happened: expect.stringMatching(/^Pinned now: SHA256:/) as string,
    });
    expect(await look('host-key', patient(prints('')))).toMatchObject({ verdict: 'ok' });
  });

  test('that is pinned is never replaced', async () => {
    await writeFile(`${top}/known_hosts`, scanned);
    const other: StartProgram = () => Promise.reject(new Error('nobody may be asked'));
    expect(await look('host-key', patient(other, { fix: true }))).toMatchObject({ verdict: 'ok' });
  });
});
