import { beforeAll, expect, it } from 'vitest';
import { password as firstPassword } from '../station.ts';
import { assertClosed, waitForState } from '../stories/operator.ts';
import {
  atTerminal,
  commandsOfSheet,
  followSheet,
  give,
  giveTerminal,
  namesInRam,
  shellPrompt,
} from '../stories/person.ts';
import type { UsbDisk } from '../usb-disk.ts';
import { useStation } from '../stories/use-station.ts';

/** The keys change, in order: a new password while a disk is away; then the keys of a machine that was set up by hand. */
const lab = useStation('BACKUP_1', 'BACKUP_2');
let disks: readonly [UsbDisk, UsbDisk];
const newPassword = 'tünnel vision 2';

beforeAll(async () => {
  disks = lab.drawer as [UsbDisk, UsbDisk];
  await lab.server.shell('mkdir -p /backups/docs; head -c 8M /dev/urandom > /backups/docs/report');
  await giveTerminal(lab.guest);
});

it('a new password: the disk that is there gets the new key, and the old one opens nothing but the header copy', async () => {
  const { guest } = lab;
  await guest.plug(disks[0]);
  await waitForState(lab, 'BACKUP_1', ['safe-to-unplug']);
  await guest.shell('mkdir /root/headers');
  // A change that is killed after the second keyslot was added: nothing is lost, and the next change completes it.
  await guest.shell(`printf 'never in force' | extbackup key change --password-stdin --scrypt-memory 64M >/run/cut 2>&1 &
    until grep -q 'has a keyslot' /run/cut; do sleep 0.1; done; kill -KILL $!; wait`);
  const slots = (): Promise<string> => guest.ask(`cryptsetup luksDump ${disks[0].path}-part1 | grep -c ': luks2'`);
  expect(await slots()).toBe('2');
  expect(await give(guest, firstPassword, 'unlock')).toMatch(/^0 /);
  const shown = await atTerminal(
    guest,
    ['extbackup', 'key', 'change', '--scrypt-memory', '64M'],
    ['copy of the LUKS headers', '/root/headers\n'],
    ['New password', `${newPassword}\n`],
    ['same again', `${newPassword}\n`],
  );
  expect(shown).toContain('extbackup drive rekey BACKUP_2');
  expect(shown).not.toContain('vision');
  const opens = (key: string, more = ''): Promise<boolean> =>
    guest.isTrue(`cryptsetup open --test-passphrase ${more} --key-file /mnt/ramfs/${key} ${disks[0].path}-part1`);
  expect([await opens('luks_pw'), await opens('luks_pw.previous'), await slots()]).toEqual([true, false, '1']);
  expect(await opens('luks_pw.previous', '--header /root/headers/BACKUP_1.luks-header')).toBe(true);
  expect((await guest.run(['extbackup', 'run'], { timeoutMs: 240_000 })).exitCode).toBe(0);
  await guest.run(['extbackup', 'mount', 'BACKUP_1'], { timeoutMs: 200_000 });
  await guest.run(['extbackup', 'lock']);
  await assertClosed(lab);
  expect(await namesInRam(guest)).toBe('');
  expect(await give(guest, firstPassword, 'unlock')).toMatch(/^12 /);
  expect(await give(guest, newPassword, 'unlock')).toMatch(/^0 /);
});

it('a disk that was away says what to do, and is good again after drive rekey', async () => {
  const { guest } = lab;
  await guest.unplug(disks[0]);
  await guest.plug(disks[1]);
  const { message } = await waitForState(lab, 'BACKUP_2', ['failed']);
  expect(message).toContain('extbackup drive rekey BACKUP_2');
  await guest.shell('fallocate -l 16M /swapfile; chmod 600 /swapfile; mkswap -q /swapfile; swapon /swapfile');
  const doctor = await guest.ask('extbackup doctor --json || true');
  await guest.shell('swapoff /swapfile; rm /swapfile');
  const verdicts = JSON.parse(doctor) as { name: string; verdict: string; happened: string }[];
  expect(verdicts.find(({ name }) => name === 'swap')).toMatchObject({
    verdict: 'warn',
    happened: expect.stringContaining('/swapfile') as string,
  });
  expect(verdicts.find(({ name }) => name === 'old-keys')).toMatchObject({
    verdict: 'warn',
    happened: expect.stringContaining('BACKUP_2') as string,
  });
  expect(await give(guest, newPassword, 'drive', 'rekey', 'BACKUP_2')).toMatch(/^12 /);
  expect(await give(guest, firstPassword, 'drive', 'rekey', 'BACKUP_2')).toMatch(
    /^0 Disk BACKUP_2 has the present key now/m,
  );
  await waitForState(lab, 'BACKUP_2', ['safe-to-unplug']); // it goes on by itself
});

it('a station set up by hand is taken over with its password, salt, ssh key and disk, and nothing is encrypted anew', async () => {
  const { guest, server } = lab;
  const tutorial = await lab.newDisk({ name: 'BYHAND', sizeMb: 64 });
  await guest.unplug(disks[1]);
  await guest.shell(
    'systemctl stop extbackup; umount /mnt/ramfs; mkdir /root/before; mv /etc/extbackup /root/before/etc; mv /var/lib/extbackup /root/before/var; mkdir -m 0700 /var/lib/extbackup',
  );
  await guest.plug(tutorial);
  const device = await guest.deviceOf(tutorial);
  await guest.shell(madeByHand(device));
  await server.shell("echo '%backuppers ALL= NOPASSWD:SETENV: /usr/bin/rrsync' > /etc/sudoers.d/extbackup");
  await server.shell('cat > /home/extbackup/.ssh/authorized_keys', {
    input: `command="sudo -E /usr/bin/rrsync -ro /backups/",no-agent-forwarding,no-port-forwarding,no-pty,no-user-rc,no-X11-forwarding ${await guest.ask('cat /root/.ssh/id_rsa.pub')}\n`,
  });
  await guest.shell('rm -f /mnt/ramfs/*; systemctl start extbackup');
  const header = await guest.ask(`head -c 2M ${device}1 | sha256sum`);
  expect(await give(guest, 'old  pass\\word ', 'setup', '--adopt', '--yes')).toMatch(/^0 [^]*older form. Convert it/);
  expect(await guest.ask('sha256sum < /mnt/ramfs/luks_pw')).toBe(await guest.ask('sha256sum < /root/key-by-hand'));
  await guest.run(['extbackup', 'drive', 'adopt', `${device}1`], { timeoutMs: 200_000 });
  expect((await guest.run(['extbackup', 'run'], { timeoutMs: 240_000 })).exitCode).toBe(0);
  expect(await guest.ask(`head -c 2M ${device}1 | sha256sum`)).toBe(header);
  await followSheet(
    guest,
    commandsOfSheet(await guest.ask('extbackup recovery-sheet --with-salt 2>/dev/null')),
    'old  password',
  ); // in the form that its script read
  expect(await guest.ask('cat /srv/restored/docs/report | sha256sum')).toBe(
    await server.ask('cat /backups/docs/report | sha256sum'),
  );
  await guest.run(['rm', '-r', '/srv/restored']);
});

it('a machine without a check value asks at the first login whether this is the first set-up, and reads the newer openssl form', async () => {
  const { guest } = lab;
  await guest.shell(`openssl enc -e -aes-256-cbc -a -pass file:/mnt/ramfs/luks_pw -in /mnt/ramfs/id_rsa.decrypted -out /etc/extbackup/id_rsa.encrypted 2>/dev/null
    sed -i '/check:/d' /etc/extbackup/config.yaml; rm /mnt/ramfs/*`);
  const old = 'old  pass\\word \n';
  await atTerminal(
    guest,
    ['su', '-'],
    ['is this the first set-up', 'y\n'],
    ['New password', old],
    ['same again', old],
    ['The keys are loaded', ''],
    [shellPrompt, 'exit\n'],
  );
  expect(await guest.ask('sha256sum < /mnt/ramfs/luks_pw')).toBe(await guest.ask('sha256sum < /root/key-by-hand'));
  expect(await guest.ask("sed -n 's/ *check: //p' /etc/extbackup/config.yaml")).toBe(
    await guest.ask('sha1sum < /root/key-by-hand | cut -d" " -f1'),
  );
});

/** Follows the tutorial by hand, with the shell's own tools. bash reads the typed password. */
const madeByHand = (device: string): string => String.raw`
  cat > /usr/local/sbin/build-key <<'SCRIPT'
#!/bin/bash
SALT='by hand: 4dZ!'
KEYFILE=/mnt/ramfs/luks_pw
SHA1_CHECK=''
read -s PASS
echo -n "$(echo -n "$SALT.$PASS" | sha512sum | cut -d' ' -f1)" > $KEYFILE
SCRIPT
  printf '%s\n' 'BKUP_SERVER=backup' 'BKUP_USER=extbackup' > /usr/local/sbin/run-backup
  mount -t ramfs -o size=10m ramfs /mnt/ramfs
  printf '%s\n' 'old  pass\word ' | bash /usr/local/sbin/build-key
  cp /mnt/ramfs/luks_pw /root/key-by-hand
  sed -i "s/^SHA1_CHECK=.*/SHA1_CHECK='$(sha1sum < /mnt/ramfs/luks_pw | cut -d' ' -f1)'/" /usr/local/sbin/build-key
  ssh-keygen -q -t rsa -b 2048 -N '' -f /root/.ssh/id_rsa
  openssl enc -e -aes-256-cbc -a -md md5 -pass file:/mnt/ramfs/luks_pw -in /root/.ssh/id_rsa -out /root/.ssh/id_rsa.encrypted 2>/dev/null
  rm /root/.ssh/id_rsa
  ssh-keyscan backup > /root/.ssh/known_hosts 2>/dev/null
  printf 'label: gpt\n,\n' | sfdisk --quiet ${device}; udevadm settle
  cryptsetup luksFormat --batch-mode --type luks1 --cipher aes-xts-plain64 --key-size 512 --hash sha256 --iter-time 100 --key-file /mnt/ramfs/luks_pw ${device}1
  cryptsetup open --key-file /mnt/ramfs/luks_pw ${device}1 by-hand; mkfs.ext4 -q /dev/mapper/by-hand
  mkdir -p /mnt/by-hand; mount /dev/mapper/by-hand /mnt/by-hand; printf BACKUP_7 > /mnt/by-hand/LABEL; umount /mnt/by-hand; cryptsetup close by-hand; udevadm settle`;
