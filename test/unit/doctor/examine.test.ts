import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { renderFindings } from '../../../src/commands/doctor.ts';
import { configSchema } from '../../../src/config/schema.ts';
import { agentChecks } from '../../../src/doctor/agent-checks.ts';
import { examine } from '../../../src/doctor/examine.ts';
import { createDriveRegistry } from '../../../src/records/drive-registry.ts';
import { identityFile } from '../../../src/keys/ssh-key.ts';
import { ConfigError } from '../../../src/errors.ts';
import { files, type Paths } from '../../../src/system/paths.ts';
import { startProgram, type StartProgram } from '../../../src/system/command.ts';
import { aDisk } from '../client/a-disk.ts';

let top = '';
let paths: Paths;
beforeEach(async () => {
  top = await mkdtemp(`${tmpdir()}/doctor-`);
  paths = { config: `${top}/config.yaml`, etc: top, state: top, run: top, ramfs: `${top}/ramfs`, plaintext: top };
});
afterEach(async () => {
  await rm(top, { recursive: true });
});

const config = () =>
  configSchema.parse({
    source: 'extbackup@backup.example.org',
    key: { derivation: 'sha512' },
    ssh: { key: `${top}/id.encrypted`, publicKey: `${top}/id.pub`, knownHosts: `${top}/known_hosts` },
  });

/** Verdicts by name of the check. */
async function verdicts(fix = false): Promise<Record<string, string>> {
  const findings = await examine(
    { paths, start: startProgram, now: new Date('2026-03-01T00:00:00Z'), fix, asRoot: true },
    () => Promise.resolve(config()),
  );
  return Object.fromEntries(findings.map(({ name, verdict }) => [name, verdict]));
}

test('wrong settings are one failure, and the machine is looked at all the same', async () => {
  const findings = await examine({ paths, start: startProgram, now: new Date(), fix: false, asRoot: true }, () =>
    Promise.reject(new ConfigError('It has a problem.', 'Correct it.')),
  );
  expect(findings.find(({ name }) => name === 'config')).toEqual({
    name: 'config',
    verdict: 'fail',
    happened: 'It has a problem.',
    todo: 'Correct it.',
  });
  expect(findings.map(({ name }) => name)).toEqual(expect.arrayContaining(['tools', 'agent', 'swap']));
  expect(findings.map(({ name }) => name)).not.toContain('server');
});

test('another user is told of the installation only, because the rest would look missing', async () => {
  const names = await examine({ paths, start: startProgram, now: new Date(), fix: false, asRoot: false }, () =>
    Promise.resolve(config()),
  );
  expect(names.map(({ name }) => name)).toEqual(['root', 'node', 'tools', 'udev-rule']);
});

test('a key that lies on a disk fails, and does not count as loaded', async () => {
  await mkdir(paths.ramfs);
  await writeFile(files.luksKey(paths), 'a'.repeat(128));
  expect(await verdicts()).toMatchObject({ ramfs: 'fail', key: 'warn' });
});

test('an empty station: what is missing fails, what is only not loaded yet warns', async () => {
  expect(await verdicts()).toMatchObject({
    config: 'ok',
    salt: 'fail',
    derivation: 'warn',
    ramfs: 'warn',
    key: 'warn',
    'ssh-key': 'fail',
    'host-key': 'fail',
    server: 'warn',
    disks: 'fail',
    rotation: 'ok',
    agent: 'fail',
  });
});

test('files that others may read are told, and made private on request', async () => {
  await writeFile(files.salt(paths), 'salt');
  await chmod(files.salt(paths), 0o644);
  await writeFile(`${top}/known_hosts`, 'backup.example.org ssh-ed25519 AAAA\n'); // so that nobody is asked for one
  expect(await verdicts()).toMatchObject({ 'private-files': 'warn', salt: 'ok' });
  expect(await verdicts(true)).toMatchObject({ 'private-files': 'ok' });
  expect((await stat(files.salt(paths))).mode & 0o777).toBe(0o600);
});

test('the public half of the ssh key is written again on request, from the loaded key', async () => {
  await mkdir(paths.ramfs);
  const identity = identityFile(paths, config().ssh);
  await startProgram({
    ...{ file: '/usr/bin/ssh-keygen', timeoutMs: 20_000 },
    args: ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', identity],
  });
  const [kind, key] = (await readFile(`${identity}.pub`, 'utf8')).split(' ');
  await writeFile(`${top}/id.encrypted`, 'sealed');
  await writeFile(`${top}/known_hosts`, 'backup.example.org ssh-ed25519 AAAA\n');
  expect(await verdicts()).toMatchObject({ 'ssh-key': 'fail' });
  expect(await verdicts(true)).toMatchObject({ 'ssh-key': 'ok' });
  expect(await readFile(`${top}/id.pub`, 'utf8')).toContain(`${kind ?? ''} ${key?.trim() ?? ''}`);
  expect(await verdicts()).toMatchObject({ 'ssh-key': 'ok' });
});

test('an enabled agent is started on request; one that is disabled stays off', async () => {
  const agent = agentChecks.find(({ name }) => name === 'agent');
  const asked: string[] = [];
  const look = (state: string, fix: boolean) => {
    const start: StartProgram = ({ args }) => {
      asked.push(args.join(' '));
      return Promise.resolve({ exitCode: 0, stdout: `${state}\n`, stderr: '' });
    };
    return agent?.check({ paths, start, now: new Date(), fix });
  };
  await look('enabled', false);
  await look('disabled', true);
  expect(asked).toEqual(['is-enabled extbackup.service']);
  expect((await look('enabled', true))?.verdict).toBe('fail'); // it left no status
  expect(asked.at(-1)).toBe('start extbackup.service');
});

test('one disk is no rotation; an overdue or failed one is told', async () => {
  const registry = createDriveRegistry(files.drives(paths));
  await registry.update(() => [aDisk('A', { lastSuccess: '2026-02-28T00:00:00Z' })]);
  expect(await verdicts()).toMatchObject({ disks: 'warn', rotation: 'ok' });
  await registry.update((disks) => [...disks, aDisk('B', { lastSuccess: '2026-01-01T00:00:00Z' })]);
  expect(await verdicts()).toMatchObject({ disks: 'ok', rotation: 'warn' });
  await registry.update(() => [aDisk('A', { lastError: 'EXB_PULL' }), aDisk('B')]);
  expect(await verdicts()).toMatchObject({ disks: 'warn' });
});

test('a damaged list of disks is told: a warning while its copy serves, a failure when nothing does', async () => {
  const registry = createDriveRegistry(files.drives(paths));
  await registry.update(() => [aDisk('A')]);
  await registry.update((disks) => [...disks, aDisk('B')]);
  expect(await verdicts()).toMatchObject({ 'disk-list': 'ok' });
  await writeFile(files.drives(paths), '{');
  expect(await verdicts()).toMatchObject({ 'disk-list': 'warn' });
  await writeFile(`${files.drives(paths)}.previous`, '{');
  expect(await verdicts()).toMatchObject({ 'disk-list': 'fail', disks: 'fail' });
});

test('findings read as what is the case and what to do', () => {
  expect(
    renderFindings([
      { name: 'root', verdict: 'ok', happened: 'Run by root.', todo: '' },
      { name: 'agent', verdict: 'fail', happened: 'It is not running.', todo: 'Start it.' },
    ]),
  ).toBe(
    [
      'ok    root              Run by root.',
      'FAIL  agent             It is not running.',
      '                        -> Start it.',
      '',
      '1 failed, 0 warnings.',
    ].join('\n'),
  );
});
