import { readFile } from 'node:fs/promises';
import { beforeAll, expect, it } from 'vitest';
import { reportStopped } from '../attack-table.ts';
import { assertClosed, eventsOf, takeOut, waitForState } from './operator.ts';
import { useStation } from './use-station.ts';

/** A manipulated disk: its LUKS header says that nothing is encrypted, and the key still opens it. */
const lab = useStation('BACKUP_1');

beforeAll(async () => {
  await lab.server.shell('mkdir -p /backups/docs; echo one > /backups/docs/a');
  await lab.guest.plug(lab.disk);
  await waitForState(lab, 'BACKUP_1', ['safe-to-unplug']);
});

/** Changes one field as somebody without the key can; see on-guest/change-header.py. */
const changeHeader = async (device: string, field: 'cipher' | 'memory'): Promise<void> => {
  const input = await readFile(new URL('../on-guest/change-header.py', import.meta.url), 'utf8');
  await lab.guest.run(['python3', '-', device, field], { input });
};
const refused = async (...words: string[]): Promise<void> => {
  const { exitCode, stderr } = await lab.guest.run(['extbackup', ...words], { okCodes: 'any', timeoutMs: 120_000 });
  expect([exitCode, stderr]).toEqual([10, expect.stringContaining('is no encryption')]);
  expect(stderr).toContain('cipher_null');
  await assertClosed(lab);
  await reportStopped(
    `a header without encryption: ${words.slice(0, 2).join(' ')}`,
    'comparison of the header',
    stderr,
  );
};

it('is not opened by a run, and not by a person, a restore, a verification or an adoption', async () => {
  const { guest } = lab;
  const device = `${await guest.deviceOf(lab.disk)}1`;
  await guest.shell(`cryptsetup luksHeaderBackup ${device} --header-backup-file /root/header`);
  await changeHeader(device, 'cipher');
  await guest.shell(`cryptsetup open --test-passphrase --key-file /mnt/ramfs/luks_pw ${device}`); // the key fits as before
  const opened = (await eventsOf(lab, 'luks:opened')).length;
  await takeOut(lab, lab.disk);
  await guest.plug(lab.disk);
  const { message } = await waitForState(lab, 'BACKUP_1', ['failed']);
  expect(message).toContain('is no encryption');
  expect((await eventsOf(lab, 'run:failed')).at(-1)).toMatchObject({ code: 'EXB_LUKS_HEADER', exitCode: 10 });
  await refused('run', '--drive', 'BACKUP_1');
  await refused('mount', 'BACKUP_1', '--read-only');
  await refused('verify', 'BACKUP_1');
  await refused('restore', 'BACKUP_1', 'docs', '--to', '/root/restored');
  await refused('drive', 'adopt', device, '--label', 'BACKUP_1');
  expect((await eventsOf(lab, 'luks:opened')).length).toBe(opened);
});

it('is good again with its own header', async () => {
  const { guest } = lab;
  const device = `${await guest.deviceOf(lab.disk)}1`;
  await guest.shell(`cryptsetup luksHeaderRestore --batch-mode ${device} --header-backup-file /root/header`);
  const { exitCode } = await guest.run(['extbackup', 'run', '--drive', 'BACKUP_1'], {
    okCodes: 'any',
    timeoutMs: 240_000,
  });
  expect(exitCode).toBe(0);
});

it('of another volume key is not taken for the one that was enrolled', async () => {
  const { guest } = lab;
  const device = `${await guest.deviceOf(lab.disk)}1`;
  const uuid = await guest.ask(`cryptsetup luksUUID ${device}`);
  await guest.shell(
    `cryptsetup luksFormat --batch-mode --type luks2 --uuid ${uuid} --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --key-file /mnt/ramfs/luks_pw ${device}; udevadm settle`,
  );
  const { exitCode, stderr } = await guest.run(['extbackup', 'mount', 'BACKUP_1'], {
    okCodes: 'any',
    timeoutMs: 120_000,
  });
  expect([exitCode, stderr]).toEqual([10, expect.stringMatching(/is not the one of the disk that was enrolled/)]);
  await assertClosed(lab);
});

it('a good disk that a person mounts shows nothing to other local users', async () => {
  const { guest } = lab;
  const device = `${await guest.deviceOf(lab.disk)}1`;
  await guest.shell(`cryptsetup luksHeaderRestore --batch-mode ${device} --header-backup-file /root/header`);
  await guest.shell('extbackup mount BACKUP_1');
  const look = await guest.run(['runuser', '-u', 'nobody', '--', 'ls', '/mnt/plaintext'], { okCodes: 'any' });
  expect([look.exitCode === 0, look.stdout]).toEqual([false, '']);
  await guest.shell('extbackup umount');
  await assertClosed(lab);
});
