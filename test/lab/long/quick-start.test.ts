import { afterAll, beforeAll, expect, it } from 'vitest';
import { quickStart } from '../../quick-start.ts';
import { openLab, type Lab } from '../lab.ts';
import { builtPackage } from '../station.ts';
import { assertClosed, lookInside } from '../stories/operator.ts';
import { secondsOfPerson } from '../stories/person-time.ts';
import { atTerminal, giveTerminal } from '../stories/person.ts';
import type { UsbDisk } from '../usb-disk.ts';

/** The quick start of the README, word for word, on a Debian that has never seen the program. */
let lab: Lab;
let disk: UsbDisk;
const [, , install = '', setup = '', onServer = ''] = quickStart();
const password = 'three green bottles of rain';

beforeAll(async () => {
  lab = await openLab();
  const { guest, server } = lab;
  await giveTerminal(guest);
  await guest.shell('mkdir -p out');
  await guest.copyIn(await builtPackage(), '/root/out/extbackup_0.1.0_amd64.deb'); // "npm run package" made it
  await server.shell('mkdir -p /backups/docs; echo a > /backups/docs/a; head -c 2M /dev/urandom > /backups/docs/b');
  // The server of the README, and an administrator whose ssh gets there as root.
  await guest.shell(
    `sed -i 's/\\bbackup$/backup backup.example.org/' /etc/hosts; getent hosts backup.example.org
     mkdir -p -m 700 .ssh; ssh-keygen -q -t ed25519 -N '' -f .ssh/id_ed25519; echo 'StrictHostKeyChecking accept-new' > .ssh/config`,
  );
  const key = await guest.ask('cat .ssh/id_ed25519.pub');
  await server.shell('mkdir -p -m 700 /root/.ssh; cat >> /root/.ssh/authorized_keys', { input: `${key}\n` });
  disk = await lab.newDisk({ name: 'WD1', sizeMb: 300 });
  await guest.plug(disk);
  await guest.shell(`mkfs.ext4 -q -L PHOTOS ${await guest.deviceOf(disk)}; udevadm settle`);
});
afterAll(() => lab.close());

it('the package is installed', async () => {
  await lab.guest.shell(install, { timeoutMs: 600_000 });
  await lab.guest.waitFor('the agent', 'systemctl is-active extbackup');
});

const answers: [words: string, answer: string, elsewhere?: string][] = [
  ['All required programs', ''],
  ['USB disks: ', ''],
  ['serial WD1', ''],
  ['No earlier set-up', ''],
  ['Backup server', 'extbackup@backup.example.org\n'],
  ['ssh port: [22]', '\n'],
  ['keys of your server? [y/N]', 'y\n'],
  ['go without a backup', '\n'],
  ['be told of news', '\n'],
  ['[/backups]', '\n'],
  ['New password', `${password}\r`],
  ['same again', `${password}\r`],
  [onServer, ''],
  ['has run there', '\n', onServer],
  ['runs no commands for it', ''],
  ['only read', ''],
  ['can be read', ''],
  ['ext4 "PHOTOS"', ''],
  ['Its number', '1\n'],
  ['[BACKUP_1]', '\n'],
  ['ALL OF THIS WILL BE ERASED', ''],
  ['type the new label (BACKUP_1)', 'BACKUP_1\n'],
  ['is prepared, enrolled and closed', ''],
  ['recovery-sheet --confirm', ''],
  ['The first backup to BACKUP_1', ''],
  ['BACKUP_1 is done, safe to unplug', ''],
];

it('setup asks its way to "safe to unplug", in five minutes of a person', async () => {
  const shown = await atTerminal(lab.guest, setup.split(' '), ...answers);
  const typed = [...quickStart(), ...answers.flatMap(([, answer]) => (answer === '' ? [] : [answer.trimEnd()]))];
  const thoughts = [30, 20, 15]; // a password, the comparison of a fingerprint, which disk it is
  const seconds = secondsOfPerson({ typed, shown, thoughts });
  console.log(`quick start: ${typed.length} inputs, ${Math.round(seconds)} s of a person's time`);
  expect(seconds, shown).toBeLessThan(300);
  expect(shown).not.toContain(password);
  expect(shown.slice(shown.indexOf('is prepared, enrolled'))).toMatch(/Open disk BACKUP_1/); // in the sheet
  expect(shown).not.toContain('No disk was enrolled');
  await assertClosed(lab);
  expect(await lookInside(lab, disk, (top) => lab.guest.ask(`cat ${top}/LABEL; cat ${top}/backups/docs/a`))).toMatch(
    /^BACKUP_1\s*a$/,
  );
});

it('setup asks for no other disk when it is called again, and changes nothing', async () => {
  const before = await lab.guest.ask('cd /etc/extbackup; sha256sum *');
  const shown = await atTerminal(
    lab.guest,
    setup.split(' '),
    ['This station is set up already', ''],
    ['[extbackup@backup.example.org]', '\n'],
    ['ssh port: [22]', '\n'],
    ['go without a backup', '\n'],
    ['be told of news', '\n'],
    ['can be read', ''],
    ['Remember the password', ''],
  );
  expect(shown).not.toContain('Its number');
  expect(await lab.guest.ask('cd /etc/extbackup; sha256sum *')).toBe(before);
});
