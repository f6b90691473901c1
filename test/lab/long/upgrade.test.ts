import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildDeb } from '../../../debian/deb.ts';
import { writeRepository } from '../../../debian/repository.ts';
import { earlierPackage } from '../earlier-package.ts';
import { openLab, type Lab } from '../lab.ts';
import { installPackage, prepareDisk, setUpServer, setUpStation } from '../station.ts';
import { addSettings, assertClosed, driveNow, eventsOf, takeOut, waitForState } from '../stories/operator.ts';
import type { UsbDisk } from '../usb-disk.ts';

/**
 * A station that an earlier version set up, with two disks, history, a held run and an undelivered notice, is upgraded
 * by apt from a signed repository. Everything goes on. Then it is downgraded in vain, removed and purged.
 */
const earlier = 'aac7c0b';

let lab: Lab;
let isOpen = false;
let disks: UsbDisk[];
let directory: string;
/** When the first run on BACKUP_1 had ended. */
let afterFirst: string;
let versions: { readonly present: string; readonly older: string };

/** Runs the CLI. Returns its exit code and its whole output. */
async function extbackup(...args: readonly string[]): Promise<string> {
  const ended = await lab.guest.run(['extbackup', ...args], { okCodes: 'any', timeoutMs: 240_000 });
  return `${String(ended.exitCode)} ${ended.stdout}${ended.stderr}`;
}
const checksums = 'find . -type f -print0 | sort -z | xargs -0 -r md5sum | md5sum';
const apt = (...args: readonly string[]) =>
  lab.guest.run(['apt-get', '-o', 'Dir::Etc::sourcelist=/dev/null', ...args], { okCodes: 'any', timeoutMs: 300_000 });
const agentPid = (): Promise<string> => lab.guest.ask('systemctl show -p MainPID --value extbackup');
const installedVersion = (): Promise<string> =>
  lab.guest.ask("dpkg-query -W -f '${Version} ${db:Status-Status}' extbackup");

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'extbackup-upgrade-'));
  await mkdir(join(directory, 'gnupg'), { mode: 0o700 });
  process.env['GNUPGHOME'] = join(directory, 'gnupg');
  const address = 'packages@example.org';
  await execa('gpg', ['--batch', '--passphrase', '', '--quick-generate-key', address, 'ed25519', 'sign', '1d']);
  const debs = [
    await buildDeb(directory, { architecture: 'amd64', suffix: '+next' }),
    await buildDeb(directory, { architecture: 'amd64', suffix: '~older' }),
  ];
  const [present = '', older = ''] = debs.map((deb) => /_([^_]+)_amd64/.exec(deb)?.[1] ?? '');
  versions = { present, older };
  const repository = join(directory, 'repository');
  await writeRepository({ directory: repository, debs, key: address, uri: 'file:/srv/packages' });
  await execa('tar', ['-C', repository, '-cf', join(directory, 'repository.tar'), '.']);

  lab = await openLab();
  isOpen = true;
  const { guest, server } = lab;
  await installPackage(guest, await earlierPackage(earlier));
  await setUpStation(guest);
  await setUpServer(guest, server);
  disks = [await lab.newDisk({ name: 'WD1', sizeMb: 200 }), await lab.newDisk({ name: 'WD2', sizeMb: 200 })];
  await server.shell(`mkdir -p /backups/office /backups/plans; cd /backups
    for i in $(seq 150); do echo "the letter number $i to a customer" | tee office/$i.txt > plans/$i.txt; done`);
  for (const [index, disk] of disks.entries()) {
    await prepareDisk(guest, disk, `BACKUP_${String(index + 1)}`);
    expect(await extbackup('run', '--drive', `BACKUP_${String(index + 1)}`)).toMatch(/^0 /);
    if (index === 0) await takeOut(lab, disk);
  }
}, 1_800_000);
afterAll(async () => {
  await execa('gpgconf', ['--kill', 'all'], { reject: false });
  delete process.env['GNUPGHOME'];
  if (isOpen) await lab.close();
  await rm(directory, { recursive: true, force: true });
});

it('an earlier version leaves a history, a held run and a notice that nobody took', async () => {
  const { guest, server } = lab;
  afterFirst = await guest.ask('date -u +%Y-%m-%dT%H:%M:%SZ');
  await server.shell('cd /backups; for i in 1 2 3; do echo edited > plans/$i.txt; done');
  expect(await extbackup('run', '--drive', 'BACKUP_2')).toMatch(/^0 /);
  await addSettings(lab, "notify:\n  - {type: ntfy, server: 'http://127.0.0.1:8080', topic: disks, events: [failure]}");
  await server.shell('cd /backups && for f in office/*.txt; do head -c 3000 /dev/urandom > $f; done');
  await takeOut(lab, disks[1] as UsbDisk);
  await guest.plug(disks[1] as UsbDisk);
  expect((await waitForState(lab, 'BACKUP_2', ['held'])).message).toMatch(/% of files changed \(150\)/);
  await guest.waitFor('the notice to be kept', 'ls /var/lib/extbackup/outbox/* >/dev/null');
});

it('apt upgrades it from the signed repository, and the new agent takes over what the old one left', async () => {
  const { guest } = lab;
  const before = await agentPid();
  await guest.copyIn(join(directory, 'repository.tar'), '/root/repository.tar');
  await guest.shell(
    'mkdir -p /srv/packages; tar -xf /root/repository.tar --no-same-owner -C /srv/packages; rm /root/repository.tar; cp /srv/packages/extbackup.sources /etc/apt/sources.list.d/',
  );
  const updated = await apt('update', '--error-on=any');
  expect(updated.exitCode, updated.stdout + updated.stderr).toBe(0);
  const upgraded = await apt('-y', 'install', 'extbackup');
  expect(upgraded.exitCode, upgraded.stdout + upgraded.stderr).toBe(0);
  expect(await installedVersion()).toBe(`${versions.present} installed`);
  await guest.waitFor('the new agent', async () => (await eventsOf(lab, 'agent:started')).length === 2);
  expect(await agentPid()).not.toBe(before);
  expect((await eventsOf(lab, 'agent:stopping')).map(({ reason }) => reason)).toEqual(['upgraded']);
  expect((await waitForState(lab, 'BACKUP_2', ['held'])).message).toMatch(/% of files changed \(150\)/);
  expect(JSON.parse(await guest.ask('cat /var/lib/extbackup/format.json'))).toMatchObject({ format: 1 });
  // The receiver of notices is still away, and nothing else is wrong.
  expect((await extbackup('doctor')).match(/^FAIL +\S+/gm)).toEqual(['FAIL  notices']);
});

it('the notice is delivered, although another version wrote it', async () => {
  const { guest } = lab;
  await guest.copyIn(`${import.meta.dirname}/http-receiver.py`, '/root/http-receiver.py');
  await guest.shell('systemd-run --quiet --unit http-receiver python3 /root/http-receiver.py 8080 /run/received');
  await guest.waitFor('the notice', 'grep -q BACKUP_2 /run/received', 240_000);
  await guest.waitFor('it to be forgotten', '! ls /var/lib/extbackup/outbox/* 2>/dev/null');
});

it('the held run is approved, and history and restore know what the earlier version did', async () => {
  const { guest, server } = lab;
  expect(await extbackup('approve', 'BACKUP_2', '--reason', 'new letters')).toMatch(/^0 /);
  await assertClosed(lab);
  const runs = JSON.parse((await guest.run(['extbackup', 'history', '--json'])).stdout) as { outcome: string }[];
  expect(runs).toHaveLength(5);
  expect(await extbackup('restore', 'BACKUP_2', '.', '--to', '/dev/shm/now')).toMatch(/^0 /);
  expect(await guest.ask(`cd /dev/shm/now; ${checksums}`)).toBe(await server.ask(`cd /backups; ${checksums}`));
  expect(await extbackup('restore', 'BACKUP_2', '.', '--at', afterFirst, '--to', '/dev/shm/then')).toMatch(/^0 /);
  expect(await guest.ask('cd /dev/shm/then; cat plans/1.txt office/150.txt')).toBe(
    'the letter number 1 to a customer\nthe letter number 150 to a customer',
  );
});

it('the other disk, which was in the safe meanwhile, is backed up as it is plugged in', async () => {
  await takeOut(lab, disks[1] as UsbDisk);
  await lab.server.shell('rm /backups/plans/150.txt'); // so that this run has less to ask about than to do
  await lab.guest.plug(disks[0] as UsbDisk);
  await waitForState(lab, 'BACKUP_1', ['safe-to-unplug', 'held']);
  if ((await driveNow(lab, 'BACKUP_1')).state === 'held')
    expect(await extbackup('approve', 'BACKUP_1', '--reason', 'new letters')).toMatch(/^0 /);
  expect((await driveNow(lab, 'BACKUP_1')).state).toBe('safe-to-unplug');
  await assertClosed(lab);
});

it('an older version is refused before anything is changed, and so are records of a newer one', async () => {
  const { guest } = lab;
  const files =
    'cat /usr/lib/extbackup/cli.js /var/lib/extbackup/*.json /etc/extbackup/config.yaml | md5sum; dpkg --audit';
  const [before, pid] = [await guest.ask(files), await agentPid()];
  const refused = await apt('-y', '--allow-downgrades', 'install', `extbackup=${versions.older}`);
  expect(refused.exitCode).not.toBe(0);
  expect(refused.stdout + refused.stderr).toContain(
    `extbackup: not installed, and nothing was changed: version ${versions.present} is installed, and ${versions.older} is older.`,
  );
  expect(await installedVersion()).toBe(`${versions.present} installed`);
  expect(await guest.ask(files)).toBe(before);
  // dpkg lets the installed version's postinst note "abort-upgrade", so an agent at rest may have made room for a new one.
  await guest.waitFor('the agent', 'systemctl is-active extbackup');
  if ((await agentPid()) !== pid) await waitForState(lab, 'BACKUP_1', ['safe-to-unplug', 'idle']);

  await guest.shell(
    'systemctl stop extbackup; cd /var/lib/extbackup; cp -p format.json /root/; echo \'{"format":99,"writtenBy":"9.0.0"}\' > format.json',
  );
  await guest.run(['systemctl', 'start', 'extbackup'], { okCodes: 'any' });
  await guest.waitFor('the refusal', 'systemctl is-failed extbackup');
  expect(await guest.ask('journalctl -u extbackup -o cat -n 20')).toContain('of format 99, written by extbackup 9.0.0');
  expect(await extbackup('status')).toMatch(/^2 The records in \/var\/lib\/extbackup are of format 99/);
  await guest.shell('cp -p /root/format.json /var/lib/extbackup/; systemctl start extbackup');
  await waitForState(lab, 'BACKUP_1', ['safe-to-unplug', 'idle']);
});

it('removed and purged, it leaves the salt that nobody has on paper, and nothing else', async () => {
  const { guest } = lab;
  expect((await apt('-y', 'remove', 'extbackup')).exitCode).toBe(0);
  expect(await guest.ask('ls /etc/extbackup')).toContain('config.yaml');
  expect(await guest.ask('ls -d /run/extbackup /mnt/ramfs /usr/lib/extbackup 2>/dev/null || true')).toBe('');
  expect((await apt('-y', 'purge', 'extbackup')).exitCode).toBe(0);
  const left = await guest.ask(
    'rm -rf /srv/packages /etc/apt/sources.list.d/extbackup.sources; find / -xdev -iname "*extbackup*" -not -path "/var/log/*" -not -path "/var/cache/*" -not -path "/var/lib/apt/*" -not -path "/proc/*"',
  );
  expect(left).toMatch(/^\/var\/backups\/extbackup-salt\.\S+$/);
});
