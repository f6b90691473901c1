import { beforeAll, expect, it } from 'vitest';
import { setUpServer } from '../station.ts';
import { assertClosed } from '../stories/operator.ts';
import { atTerminal, giveTerminal } from '../stories/person.ts';
import { useStation } from '../stories/use-station.ts';

/** A person sets up a station with the guide, makes typing mistakes, and keeps the recovery sheet. */
const lab = useStation();

const setup = ['extbackup', 'setup', '--scrypt-memory', '64M'];
const password = 'three green bottles of rain';
const saltCheck = (): Promise<string> => lab.guest.ask("extbackup doctor | grep -A1 ' salt-copy ' || true");

beforeAll(async () => {
  await giveTerminal(lab.guest);
  await lab.guest.shell('extbackup lock; rm -rf /etc/extbackup /var/lib/extbackup/*; systemctl restart extbackup');
  await lab.server.shell('mkdir -p /backups/docs; echo a > /backups/docs/a');
});

it('a misspelt host and passwords that differ are asked for again, and the sheet with the salt comes last', async () => {
  const shown = await atTerminal(
    lab.guest,
    setup,
    ['Backup server', 'extbackup@bakcup\n'],
    ['ssh port: [22]', '\n'],
    ['The host bakcup is not known', ''],
    ['later? [y/N]', 'n\n'],
    ['[extbackup@bakcup]', 'extbackup@backup\n'],
    ['ssh port: [22]', '2222\n'],
    ['nothing listens at its port 2222', ''],
    ['later? [y/N]', '\n'],
    ['[extbackup@backup]', '\n'],
    ['ssh port: [2222]', '22\n'],
    ['keys of your server? [y/N]', 'y\n'],
    ['go without a backup', '\n'],
    ['be told of news', '\n'],
    ['[/backups]', '\n'],
    ['New password', 'short\r'],
    ['too short', ''],
    ['New password', `${password}\r`],
    ['same again', 'three green bottles of wine\r'],
    ['two passwords differ', ''],
    ['New password', `${password}\r`],
    ['same again', `${password}\r`],
    ['has run there', 'later\n'],
    ['Plug in the disk', 'later\n'],
    ['the first disk', ''],
  );
  const salt = await lab.guest.ask('cat /etc/extbackup/salt');
  expect(shown).toContain(salt);
  expect(shown).toMatch(/Without the salt on it nobody opens the disks[^]*recovery-sheet --confirm/);
  expect(shown).not.toContain(password);
  expect(await lab.guest.ask('ls /mnt/ramfs')).toBe('id_ed25519.decrypted\nluks_pw');
});

it('doctor warns until somebody confirms that the sheet is printed', async () => {
  expect(await saltCheck()).toMatch(/^WARN .*Nobody has confirmed[^]*--confirm/);
  await lab.guest.shell('extbackup recovery-sheet --confirm');
  expect(await saltCheck()).toMatch(/^ok .*was printed/);
});

it('the second call offers what is there, and a command and a write are tried and refused', async () => {
  await setUpServer(lab.guest, lab.server);
  const before = await lab.guest.ask('cd /etc/extbackup; sha256sum *');
  const shown = await atTerminal(
    lab.guest,
    setup,
    ['[extbackup@backup]', '\n'],
    ['ssh port: [22]', '\n'],
    ['[35d]', '\n'],
    ['be told of news', '\n'],
    ['runs no commands for it', ''],
    ['only read', ''],
    ['can be read', ''],
    ['Plug in the disk', 'later\n'],
    ['the first disk', ''],
  );
  expect(shown).not.toContain('ssh root@');
  expect(await lab.guest.ask('cd /etc/extbackup; sha256sum *')).toBe(before);
});

it('without a terminal a used disk is refused, and with --erase prepared and backed up until it is safe to unplug', async () => {
  const disk = await lab.newDisk({ name: 'WD1', sizeMb: 200 });
  await lab.guest.plug(disk);
  const device = await lab.guest.deviceOf(disk);
  await lab.guest.shell(`mkfs.ext4 -q -L PHOTOS ${device}; udevadm settle`);
  const flags = ['--yes', '--no-sheet', '--disk', device, '--label', 'OFFICE'] as const;
  const refused = await lab.guest.run(['extbackup', 'setup', ...flags], { okCodes: [2], timeoutMs: 300_000 });
  expect(refused.stderr).toMatch(/looks used, and nobody can be asked\.\n.*--erase/);
  expect(await lab.guest.ask(`blkid -s LABEL -o value ${device}`)).toBe('PHOTOS');
  const made = await lab.guest.run(['extbackup', 'setup', ...flags, '--erase'], { timeoutMs: 600_000 });
  expect(made.stdout).toContain('Disk OFFICE is prepared, enrolled and closed.');
  expect(made.stdout).toMatch(/OFFICE is done, safe to unplug\./);
  await assertClosed(lab);
});
