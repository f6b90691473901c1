import { beforeAll, expect, it } from 'vitest';
import { blockWith, newPassword, password, walk } from '../../documents/walk.ts';
import { builtPackage, prepareDisk } from '../station.ts';
import { assertClosed, takeOut, waitForState } from '../stories/operator.ts';
import { atTerminal, give } from '../stories/person.ts';
import { useStation } from '../stories/use-station.ts';
import type { UsbDisk } from '../usb-disk.ts';
import { likeOnThePages, typeAll } from './typed-chapter.ts';

/** What an administrator types when something changes, and for a new station: the later chapters of the guides. */
const lab = useStation('BACKUP_1', 'BACKUP_2');
let disks: readonly [UsbDisk, UsbDisk];

beforeAll(async () => {
  disks = lab.drawer as [UsbDisk, UsbDisk];
  await likeOnThePages(lab);
  const spare = await lab.newDisk({ name: 'WD4', sizeMb: 200 });
  await prepareDisk(lab.guest, spare, 'BACKUP_4');
  await takeOut(lab, spare);
  await lab.guest.plug(disks[0]);
  await waitForState(lab, 'BACKUP_1', ['safe-to-unplug']);
});

it('something changes: the server, the keys, the disks', async () => {
  const { guest } = lab;
  const { 'extbackup drive rekey BACKUP_2': rekey, ...rest } = walk.changes;
  const commands = Object.entries(rest);
  const at = commands.findIndex(([command]) => command === 'extbackup drive rekey --json');
  await typeAll(lab.guest, Object.fromEntries(commands.slice(0, at)));
  await lab.server.shell('/usr/local/sbin/extbackup-heartbeat'); // the server's own backup
  await guest.run(['extbackup', 'lock']);
  expect(await give(guest, newPassword, 'unlock')).toMatch(/^0 /);
  await guest.plug(disks[1]);
  await waitForState(lab, 'BACKUP_2', ['failed']); // it has the old key
  await typeAll(lab.guest, { 'extbackup drive rekey BACKUP_2': rekey });
  await waitForState(lab, 'BACKUP_2', ['safe-to-unplug']);
  const said = await typeAll(lab.guest, Object.fromEntries(commands.slice(at)));
  expect(said.get('extbackup drive lost BACKUP_2')).toContain('extbackup key change');
  expect(await guest.ask('extbackup drive list')).not.toMatch(/BACKUP_[14]/);
});

it('a new station with a copy of /etc/extbackup opens the disks', async () => {
  const { guest } = lab;
  await guest.copyIn(await builtPackage(), '/root/extbackup_0.1.0_amd64.deb');
  await guest.shell(
    `mkdir /media/stick/etc-extbackup; cp -a /etc/extbackup/. /media/stick/etc-extbackup/
     DEBIAN_FRONTEND=noninteractive dpkg --purge extbackup; rm -rf /etc/extbackup /var/lib/extbackup`,
    { timeoutMs: 600_000 },
  );
  await typeAll(lab.guest, walk.withCopy);
  const unlock = await atTerminal(guest, ['extbackup', 'unlock'], ['Password of the', `${newPassword}\n`]);
  expect(unlock).not.toContain('not right');
  const devices = await Promise.all(disks.map((disk) => guest.deviceOf(disk)));
  for (const device of devices)
    await guest.shell(`cryptsetup open --test-passphrase --key-file /mnt/ramfs/luks_pw ${device}1`);
});

it('a new station with the sheet makes the same key, enrols the disks and is let in; another is set up without questions', async () => {
  const { guest, server } = lab;
  const salt = await guest.ask('cat /etc/extbackup/salt');
  const isNew = 'extbackup lock; rm -rf /etc/extbackup/* /var/lib/extbackup/*; systemctl restart extbackup';
  await guest.shell(isNew);
  const [DISK, OTHER_DISK] = [await guest.deviceOf(disks[0]), await guest.deviceOf(disks[1])];
  const { 'install -m 600 /dev/stdin /etc/extbackup/salt': install, ...rest } = walk.withSheet;
  const { 'extbackup setup --answers answers.yaml </run/keys/backup-password': answers, ...others } = rest;
  await typeAll(lab.guest, { 'install -m 600 /dev/stdin /etc/extbackup/salt': { ...install, input: `${salt}\n` } });
  await typeAll(lab.guest, others, { DISK, OTHER_DISK });
  await guest.run(['extbackup', 'run', '--drive', 'BACKUP_1'], { timeoutMs: 400_000 });
  await assertClosed(lab);

  await guest.shell(isNew);
  const fingerprint = (await server.ask('ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub')).split(' ')[1] ?? '';
  await guest.write('/root/answers.yaml', blockWith('scripting', 'host-key:').replace(/SHA256:A+/, fingerprint));
  await guest.shell('mkdir -p -m 700 /run/keys; cat > /run/keys/backup-password', { input: `${password}\n` });
  await typeAll(lab.guest, { 'extbackup setup --answers answers.yaml </run/keys/backup-password': answers });
  expect(await guest.ask('cat /root/recovery-sheet.txt')).toContain(await guest.ask('cat /etc/extbackup/salt'));
  expect(await guest.ask('ls /mnt/ramfs')).toBe('id_ed25519.decrypted\nluks_pw');
});
