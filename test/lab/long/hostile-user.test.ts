import { beforeAll, expect, it } from 'vitest';
import { reportStopped } from '../attack-table.ts';
import { addSettings, assertClosed, waitForState } from '../stories/operator.ts';
import { useStation } from '../stories/use-station.ts';

/** Somebody with an account on the station, and devices and servers that show what they want. */
const lab = useStation('BACKUP_1');
const secret = '/mnt/plaintext/backups/docs/of-1000';
const asUser = (...words: readonly string[]) =>
  lab.guest.run(['runuser', '-u', 'visitor', '--', ...words], { okCodes: 'any' });

beforeAll(async () => {
  const { guest, server } = lab;
  await server.shell(
    'mkdir -p /backups/docs; echo salaries > /backups/docs/of-1000; chown 1000:1000 /backups/docs/of-1000; chmod 640 /backups/docs/of-1000',
  );
  await guest.shell('useradd --uid 1000 --create-home visitor');
  await guest.plug(lab.disk);
  await waitForState(lab, 'BACKUP_1', ['safe-to-unplug']);
});

it('a disk that a person mounts shows nothing to a local user, even under the uid of the owner on the server', async () => {
  const { guest } = lab;
  await guest.shell('extbackup mount BACKUP_1 --read-write');
  for (const words of [['ls', '/mnt/plaintext'] as const, ['cat', secret] as const]) {
    const { exitCode, stdout, stderr } = await asUser(...words);
    expect([exitCode === 0, stdout]).toEqual([false, '']);
    await reportStopped(`a local user: ${words.join(' ')}`, 'the top directory, 0700', stderr);
  }
  // With another mode of the top directory the attempt succeeds.
  await guest.shell('chmod 755 /mnt/plaintext');
  expect((await asUser('cat', secret)).stdout).toBe('salaries\n');
  await guest.shell('extbackup umount; extbackup mount BACKUP_1 --read-write');
  expect(await guest.ask('stat -c %a /mnt/plaintext')).toBe('700');
  await guest.shell('extbackup umount');
  await assertClosed(lab);
});

it('a local user asks the agent for nothing', async () => {
  const { guest } = lab;
  const { exitCode, stderr } = await asUser('touch', '/run/extbackup/spool/run.1.1');
  expect(exitCode).not.toBe(0);
  await reportStopped('a local user: a request in the spool', 'the mode of the spool', stderr);
  for (const file of ['/run/extbackup/status.json', '/etc/extbackup/config.yaml', '/mnt/ramfs/luks_pw']) {
    const read = await asUser('cat', file);
    expect([read.exitCode === 0, read.stdout]).toEqual([false, '']);
    await guest.shell(`head -c 1 ${file} >/dev/null`); // it is there
    await reportStopped(`a local user: cat ${file}`, 'the modes of the files', read.stderr);
  }
});

it('root reads no settings, and starts no program, that somebody else can replace', async () => {
  const { guest } = lab;
  await guest.shell(
    'install -d -o visitor /srv/visitor; cp /etc/extbackup/config.yaml /srv/visitor/; chmod 600 /srv/visitor/config.yaml',
  );
  const { exitCode, stderr } = await guest.run(
    ['extbackup', '--config', '/srv/visitor/config.yaml', 'config', 'check'],
    {
      okCodes: 'any',
    },
  );
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining('/srv/visitor')]);
  await reportStopped('settings in a directory of a local user', 'the check of the whole path', stderr);

  await guest.shell('cp /etc/extbackup/config.yaml /root/settings; cp /usr/bin/tee /srv/visitor/tee');
  await addSettings(lab, 'notify: [{type: command, command: /srv/visitor/tee, args: [/run/tee-was-here]}]');
  const told = await guest.run(['extbackup', 'notify', 'test'], { okCodes: 'any', timeoutMs: 120_000 });
  expect(await guest.ask('ls /run/tee-was-here 2>/dev/null || true')).toBe('');
  expect(told.exitCode).not.toBe(0);
  await reportStopped(
    'a program in a directory of a local user',
    'the check of the whole path',
    told.stdout + told.stderr,
  );
  await guest.shell('cat /root/settings > /etc/extbackup/config.yaml');
});

it('text that a device brings moves no cursor and changes no color', async () => {
  const { guest } = lab;
  const disk = await lab.newDisk({ name: 'PAINTED', sizeMb: 64 });
  await guest.plug(disk);
  const device = await guest.deviceOf(disk);
  await guest.shell(`mkfs.ext4 -q -F -L "$(printf '\\033[2JSAFE\\007')" ${device}; udevadm trigger --settle ${device}`);
  expect(await guest.ask(`e2label ${device} | od -An -tx1`)).toContain('1b 5b 32 4a'); // it is there
  const { exitCode, stdout, stderr } = await guest.run(
    ['extbackup', 'drive', 'prepare', device, '--label', 'BACKUP_9'],
    { okCodes: 'any' },
  );
  expect(exitCode).not.toBe(0);
  expect(stdout + stderr).toContain('SAFE');
  expect(stdout + stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  await reportStopped('a label that clears the screen', 'escaping', stdout + stderr);
  await guest.unplug(disk);
});

it('another host key is shown beside the pinned one, and pinned by no flag that only trusts', async () => {
  const { guest, server } = lab;
  await server.shell(
    `cp -p /etc/ssh/ssh_host_ed25519_key /root/kept; rm /etc/ssh/ssh_host_ed25519_key; ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key; kill -HUP 1`,
  );
  const pinned = await guest.ask('cat /etc/extbackup/known_hosts');
  const again = await guest.run(['extbackup', 'setup', '--trust-host-key', '--yes'], {
    okCodes: 'any',
    timeoutMs: 120_000,
  });
  expect(again.exitCode).not.toBe(0);
  expect((again.stdout + again.stderr).match(/SHA256:/g)?.length).toBeGreaterThanOrEqual(2);
  const run = await guest.run(['extbackup', 'run', '--drive', 'BACKUP_1'], { okCodes: 'any', timeoutMs: 240_000 });
  expect(run.exitCode).toBe(13);
  expect(await guest.ask('cat /etc/extbackup/known_hosts')).toBe(pinned);
  await reportStopped('a server with another host key: setup --trust-host-key', 'the pinned key', again.stderr);
  await reportStopped('a server with another host key: a run', 'the pinned key', run.stderr);
  await server.shell('mv /root/kept /etc/ssh/ssh_host_ed25519_key; kill -HUP 1');
});
