import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeRepository } from '../../../debian/repository.ts';
import { root } from '../../../debian/root.ts';
import { openLab, type Lab } from '../lab.ts';
import { builtPackage, password } from '../station.ts';

/** The example for Ansible sets a station up from nothing: repository, package, settings, server; the password is in a vault. */
let lab: Lab;
let directory: string;
let env: Record<string, string>;

const key = 'packages@example.org';
const play = `- hosts: stations
  roles: [extbackup]
`;

beforeAll(async () => {
  lab = await openLab();
  directory = await mkdtemp(join(tmpdir(), 'extbackup-ansible-'));
  env = { HOME: directory, GNUPGHOME: join(directory, 'gnupg'), ANSIBLE_NOCOLOR: '1', ANSIBLE_PIPELINING: '1' };
  await cp(join(root, 'debian/examples/ansible/roles'), join(directory, 'roles'), { recursive: true });
  await writeFile(join(directory, 'site.yml'), play);
  await giveRepository();
  await writeInventory();
  await lab.server.shell('mkdir -p /backups; echo content > /backups/file');
});
afterAll(async () => {
  await lab.close();
  await execa('gpgconf', ['--kill', 'all'], { env, reject: false });
  await rm(directory, { recursive: true, force: true });
});

/** A signed repository, which the station has in a directory: the guest has no network but the server's. */
async function giveRepository(): Promise<void> {
  await mkdir(join(directory, 'gnupg'), { mode: 0o700 });
  const name = `extbackup packages <${key}>`;
  await execa('gpg', ['--batch', '--passphrase', '', '--quick-generate-key', name, 'ed25519', 'sign', '1d'], { env });
  const repository = join(directory, 'repository');
  process.env['GNUPGHOME'] = env['GNUPGHOME'];
  await writeRepository({ directory: repository, debs: [await builtPackage()], key, uri: 'file:/srv/repository' });
  delete process.env['GNUPGHOME'];
  await cp(join(repository, 'extbackup.sources'), join(directory, 'extbackup.sources'));
  await execa('tar', ['-cf', join(directory, 'repository.tar'), '-C', repository, '.']);
  await lab.guest.copyIn(join(directory, 'repository.tar'), '/root/repository.tar');
  await lab.guest.shell(`mkdir -p /srv/repository && tar -xf /root/repository.tar -C /srv/repository
    rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/*`);
}

/** Ansible takes the lab's connection to the station, and through it that to the server. */
async function writeInventory(): Promise<void> {
  const toServer = join(directory, 'ssh-to-server');
  await writeFile(
    toServer,
    '#!/bin/bash\nlast=$(($# - 1)) all=("$@")\nexec ssh "${all[@]:0:last}" "/usr/local/sbin/on-server ${all[last]}"\n',
  );
  await chmod(toServer, 0o755);
  const [, ...options] = lab.guest.ssh();
  const connection = {
    ansible_host: 'station',
    ansible_user: 'root',
    ansible_ssh_args: options.slice(0, options.indexOf('root@station')).join(' '),
    ansible_ssh_transfer_method: 'piped',
    ansible_python_interpreter: '/usr/bin/python3',
  };
  const fingerprint = await lab.guest.ask(
    'ssh-keyscan -t ed25519 backup 2>/dev/null | ssh-keygen -lf - | cut -d " " -f 2',
  );
  const vars = {
    extbackup_source: 'extbackup@backup',
    extbackup_host_key: fingerprint,
    extbackup_sources_file: join(directory, 'extbackup.sources'),
    extbackup_settings: { 'rotation.every': '10d' },
    extbackup_server: 'server',
    extbackup_setup_options: ['--scrypt-memory=64M'],
  };
  const inventory = {
    all: { hosts: { server: { ...connection, ansible_ssh_executable: toServer } } },
    stations: { hosts: { attic: connection }, vars },
  };
  await writeFile(join(directory, 'inventory.json'), JSON.stringify(inventory));
  await mkdir(join(directory, 'group_vars/stations'), { recursive: true });
  const vault = join(directory, 'group_vars/stations/vault.yml');
  await writeFile(vault, `extbackup_password: ${password}\n`);
  await writeFile(join(directory, 'vault-password'), 'of the vault');
  await execa('ansible-vault', ['encrypt', '--vault-password-file', join(directory, 'vault-password'), vault], { env });
  expect(await readFile(vault, 'utf8')).not.toContain(password);
}

/** @returns the output, and the tasks' counts */
async function playOnce(): Promise<{ all: string; changed: number; failed: number }> {
  const args = ['-i', 'inventory.json', '--vault-password-file', 'vault-password', '-v', 'site.yml'];
  const { all } = await execa('ansible-playbook', args, { cwd: directory, env, all: true, reject: false });
  const [, changed = '', failed = ''] = /^attic .*changed=(\d+) .*failed=(\d+)/m.exec(all) ?? [];
  expect(changed, all).not.toBe('');
  return { all, changed: Number(changed), failed: Number(failed) };
}

it('sets a station and its server up from nothing', async () => {
  const { all, failed } = await playOnce();
  expect(failed, all).toBe(0);
  expect(all).not.toContain(password);
  expect(await lab.guest.ask("dpkg-query -W -f '${db:Status-Status}' extbackup")).toBe('installed');
  expect(
    await lab.guest.ask('extbackup config show --json | grep -c 10d || extbackup config show | grep -c 10d'),
  ).not.toBe('0');
  const { key: state } = JSON.parse(await lab.guest.ask('extbackup status --json')) as { key: string };
  expect(state).toBe('loaded');
});

it('changes nothing the second time', async () => {
  const { all, changed, failed } = await playOnce();
  expect([changed, failed], all).toEqual([0, 0]);
});
