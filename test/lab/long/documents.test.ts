import { beforeAll, expect, it } from 'vitest';
import { walk } from '../../documents/walk.ts';
import { assertClosed, takeOut, waitForState } from '../stories/operator.ts';
import { useStation } from '../stories/use-station.ts';
import type { UsbDisk } from '../usb-disk.ts';
import { likeOnThePages, typeAll } from './typed-chapter.ts';

/**
 * The guides for administrators, command by command: each is typed as it stands there, with the right disks plugged in.
 * documents-changes.test.ts has the other chapters.
 */
const lab = useStation('BACKUP_1', 'BACKUP_2');
let disks: readonly [UsbDisk, UsbDisk];

beforeAll(async () => {
  disks = lab.drawer as [UsbDisk, UsbDisk];
  await likeOnThePages(lab);
});

it('once: settings, a test of the channel, secrets, a screen, sound and light', async () => {
  const said = await typeAll(lab.guest, walk.once);
  expect(said.get('extbackup config show notify')).toContain('tell-me');
  expect(await lab.guest.ask('cat /run/extbackup/told')).toContain('Ann Smith');
  expect(await lab.guest.ask('stat -c %a /etc/extbackup/smtp_password')).toBe('600');
  await lab.guest.shell('systemctl disable --now extbackup-console@tty1');
});

it('after a boot: the password, the state, and new disks', async () => {
  const { guest } = lab;
  await guest.shell('extbackup lock');
  const [third, fourth] = [
    await lab.newDisk({ name: 'WD3', sizeMb: 200 }),
    await lab.newDisk({ name: 'WD4', sizeMb: 200 }),
  ];
  await guest.plug(third);
  await guest.plug(fourth);
  const given = { NEW_DISK: await guest.deviceOf(third), OTHER_DISK: await guest.deviceOf(fourth) };
  const said = await typeAll(lab.guest, walk.afterBoot, given);
  expect(said.get('extbackup drive list')).toMatch(/BACKUP_1[^]*BACKUP_2[^]*BACKUP_3[^]*BACKUP_4/);
  expect(await guest.ask('cat /root/mail.txt')).toMatch(/^-s station admin@example.org\nthe station is not ready$/);
  for (const disk of [third, fourth]) await takeOut(lab, disk);
});

it('each day: runs, the pause, a look into a disk', async () => {
  await lab.guest.plug(disks[0]);
  await waitForState(lab, 'BACKUP_1', ['safe-to-unplug']);
  const said = await typeAll(lab.guest, walk.eachDay);
  expect(said.get('extbackup history --limit 5')).toContain('BACKUP_1');
  await assertClosed(lab);
});

it('files come back, samples are compared, and reports say so', async () => {
  const said = await typeAll(lab.guest, walk.restoring);
  expect(said.get('extbackup restore BACKUP_1 --list projects')).toContain('letter.odt');
  expect(await lab.guest.ask('cat /media/stick/letter.odt /media/stick/at/projects/letter.odt')).toBe(
    'dear Ann\ndear Ann',
  );
  expect(await lab.guest.ask('find /mnt/new-server -name "*.txt" | wc -l')).toBe('150');
  expect(said.get('extbackup recovery-sheet')).toContain(await lab.guest.ask('cat /etc/extbackup/salt'));
  await assertClosed(lab);
});

it('a held run that was right is approved', async () => {
  await lab.server.shell('cd /backups/mail; for i in *; do head -c 3000 /dev/urandom > $i; done');
  await lab.guest.run(['extbackup', 'run'], { okCodes: [14], timeoutMs: 400_000 });
  const said = await typeAll(lab.guest, walk.held);
  expect(said.get('extbackup approve LABEL --show --json')).toContain('"changed":150');
});
