import { beforeAll, expect, it } from 'vitest';
import { reportStopped } from '../attack-table.ts';
import { addSettings, assertClosed, eventsOf, waitForState } from './operator.ts';
import { useStation } from './use-station.ts';

/** A server that was taken over, and hostile disks and machines in the network. */
const lab = useStation('BACKUP_1');

beforeAll(async () => {
  await lab.server.shell('mkdir -p /backups/docs; echo one > /backups/docs/a');
  await addSettings(lab, 'pull: {retries: 1, stallTimeout: 10s}');
  await lab.guest.plug(lab.disk);
  await waitForState(lab, 'BACKUP_1', ['safe-to-unplug']);
});

const run = async (): Promise<{ exitCode: number; stderr: string; seconds: number }> => {
  const begin = performance.now();
  const { exitCode, stderr } = await lab.guest.run(['extbackup', 'run', '--drive', 'BACKUP_1'], {
    okCodes: 'any',
    timeoutMs: 240_000,
  });
  return { exitCode, stderr, seconds: (performance.now() - begin) / 1000 };
};
const memory = async (): Promise<number> =>
  Number(
    await lab.guest.ask(
      "sed -n 's/^VmRSS:[^0-9]*\\([0-9]*\\).*/\\1/p' /proc/$(systemctl show -P MainPID extbackup)/status",
    ),
  );

const attacks: readonly (readonly [what: string, command: string])[] = [
  ['says something else', 'echo hello; sleep 2'],
  ['talks without end', 'cat /dev/urandom'],
  ['sends one byte again and again', 'yes'],
  ['says nothing', 'sleep 600'],
];

it.each(attacks)('a server that %s is told, and the copy stays as it is', async (what, command) => {
  const { guest, server } = lab;
  await server.shell(`sed -i.kept 's#command="[^"]*"#command="${command}"#' /home/extbackup/.ssh/authorized_keys`);
  const before = await memory();
  const { exitCode, stderr, seconds } = await run();
  expect([exitCode, stderr]).toEqual([13, expect.stringMatching(/\S.*\n.*\S/)]); // what happened, and what to do
  expect(seconds).toBeLessThan(150);
  expect((await memory()) - before).toBeLessThan(60_000);
  await assertClosed(lab);
  expect(await guest.ask('pgrep -x rsync || pgrep -x ssh || true')).toBe('');
  await reportStopped(`a server that ${what}`, 'the end of the run', `${seconds.toFixed(0)} s: ${stderr}`);
  await server.shell('mv /home/extbackup/.ssh/authorized_keys.kept /home/extbackup/.ssh/authorized_keys');
});

it('after all that the next run is a good one', async () => {
  expect(await run()).toMatchObject({ exitCode: 0 });
});

it('a hundred events of one disk start no second run', async () => {
  const { guest } = lab;
  const runs = (await eventsOf(lab, 'run:started')).length;
  const pid = await guest.ask('systemctl show -P MainPID extbackup');
  const device = `${await guest.deviceOf(lab.disk)}1`;
  await guest.shell(
    `for i in $(seq 50); do udevadm trigger --action=add ${device}; udevadm trigger --action=change ${device}; done; udevadm settle`,
  );
  await guest.waitFor('the spool to be worked off', '[ -z "$(ls /run/extbackup/spool)" ]');
  expect(await run()).toMatchObject({ exitCode: 0 }); // it waits for all other output
  expect((await eventsOf(lab, 'run:started')).length).toBe(runs + 1);
  expect(await guest.ask('systemctl show -P MainPID extbackup')).toBe(pid);
  await reportStopped('a device that causes a hundred events', 'one run for each attach', 'no other run:started');
});

it('a disk that only claims to be ours, with the largest header there is, is not opened', async () => {
  const { guest } = lab;
  const fake = await lab.newDisk({ name: 'FAKE', sizeMb: 200 });
  await guest.plug(fake);
  const device = await guest.deviceOf(fake);
  await guest.shell(`printf 'label: gpt\ntype=CA7D7CCB-63ED-4C53-861C-1742536059CC, name="BACKUP_1"\n' | sfdisk -q ${device}; udevadm settle
    cryptsetup luksFormat --batch-mode --type luks2 --label BACKUP_1 --luks2-metadata-size 4m --luks2-keyslots-size 64m \\
      --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --key-file /mnt/ramfs/luks_pw ${device}1; udevadm settle`);
  await guest.waitFor('the refusal', async () =>
    (await eventsOf(lab, 'drive:ignored')).some(({ reason }) => reason === 'not-enrolled'),
  );
  expect((await eventsOf(lab, 'luks:opened')).some(({ device: opened }) => opened === `${device}1`)).toBe(false);
  await assertClosed(lab);
  await reportStopped('a disk that claims to be ours, with a key that fits', 'the enrolment', 'not-enrolled');
  await guest.unplug(fake);
});

it('a header that is broken is told, and put back it opens again', async () => {
  const { guest } = lab;
  const device = `${await guest.deviceOf(lab.disk)}1`;
  // The JSON areas of both headers: the disk still looks like LUKS, and cannot be opened.
  await guest.shell(
    `cryptsetup luksHeaderBackup ${device} --header-backup-file /root/header; for at in 1 5; do
      head -c 8192 /dev/urandom | dd of=${device} bs=4096 seek=$at conv=notrunc,fsync status=none; done`,
  );
  const { exitCode, stderr } = await run();
  expect(exitCode).toBeGreaterThanOrEqual(10);
  expect(stderr).toMatch(/\S.*\n.*\S/);
  await assertClosed(lab);
  await guest.shell(
    `cryptsetup luksHeaderRestore --batch-mode ${device} --header-backup-file /root/header; rm /root/header`,
  );
  expect(await run()).toMatchObject({ exitCode: 0 });
});
