import { beforeAll, beforeEach, expect, it } from 'vitest';
import { failureOf } from '../stories/failed-run.ts';
import { useStation } from '../stories/use-station.ts';

/** More failures; each ends with its own message and exit code, a closed disk and an unchanged LABEL. */
const lab = useStation('BACKUP_1');

beforeAll(async () => {
  await lab.server.shell('mkdir -p /backups/docs; echo one > /backups/docs/a');
  await lab.guest.snapshot('a disk in the drawer');
});
beforeEach(() => lab.guest.restore('a disk in the drawer'));

const failedRun = (): Promise<Record<string, unknown>> => failureOf(lab, lab.disk);

it('a server with another host key', async () => {
  await lab.guest.shell(
    "ssh-keygen -q -t ed25519 -N '' -f /tmp/other; sed -i \"s#ssh-ed25519 .*#$(cut -d' ' -f1,2 /tmp/other.pub)#\" /etc/extbackup/known_hosts; rm /tmp/other*",
  );
  expect(await failedRun()).toMatchObject({ code: 'EXB_HOST_KEY', exitCode: 13 });
});

it('a server that does not know our key', async () => {
  await lab.server.shell('mv /home/extbackup/.ssh/authorized_keys /home/extbackup/.ssh/gone');
  expect(await failedRun()).toMatchObject({ code: 'EXB_LOGIN', exitCode: 13 });
});

it('a directory that does not exist on the server', async () => {
  await lab.server.shell('mv /backups /elsewhere');
  expect(await failedRun()).toMatchObject({ code: 'EXB_NO_SOURCE', exitCode: 13 });
});

it('a disk with another key', async () => {
  await lab.guest.shell('systemctl stop extbackup');
  await lab.guest.plug(lab.disk);
  const device = await lab.guest.deviceOf(lab.disk);
  await lab.guest.shell(
    `head -c 64 /dev/zero | tr '\\0' a > /root/other; cryptsetup luksChangeKey --batch-mode --key-file /mnt/ramfs/luks_pw ${device}1 /root/other`,
  );
  await lab.guest.yank(lab.disk);
  await lab.guest.shell('systemctl start extbackup');
  expect(await failedRun()).toMatchObject({ code: 'EXB_KEY_REJECTED', exitCode: 12 });
  await lab.guest.shell(`cryptsetup luksChangeKey --batch-mode --key-file /root/other ${device}1 /mnt/ramfs/luks_pw`);
});
