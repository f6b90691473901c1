import { beforeAll, expect, it } from 'vitest';
import { setUpServer } from '../station.ts';
import type { UsbDisk } from '../usb-disk.ts';
import { useStation } from '../stories/use-station.ts';

const lab = useStation('BACKUP_1');

beforeAll(async () => {
  const [disk] = lab.drawer as [UsbDisk];
  await lab.server.shell('mkdir -p /backups/docs; echo one > /backups/docs/a');
  await lab.guest.plug(disk);
});

it('a new ssh key replaces the old one only when it has worked', async () => {
  const { guest, server } = lab;
  const rotate = async (okCodes: number[]): Promise<string> =>
    (await guest.run(['extbackup', 'ssh-key', 'rotate'], { okCodes })).stderr;
  const old = await guest.ask('cat /etc/extbackup/id_ed25519.pub');
  await rotate([0]);
  expect(await rotate([13])).toContain('the old one stays in use');
  expect(await guest.ask('cat /etc/extbackup/id_ed25519.pub')).toBe(old);
  await setUpServer(guest, server);
  expect(await server.ask('grep -c extbackup@ /home/extbackup/.ssh/authorized_keys')).toBe('2');
  await rotate([0]);
  await setUpServer(guest, server);
  expect(await server.ask('cut -d" " -f3- /home/extbackup/.ssh/authorized_keys')).not.toContain(old.split(' ')[1]);
  expect((await guest.run(['extbackup', 'run'], { timeoutMs: 240_000 })).exitCode).toBe(0);
});
