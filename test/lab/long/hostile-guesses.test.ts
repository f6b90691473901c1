import { beforeAll, expect, it } from 'vitest';
import { reportStopped } from '../attack-table.ts';
import { password } from '../station.ts';
import { addSettings, assertClosed, eventsOf, waitForState } from '../stories/operator.ts';
import { useStation } from '../stories/use-station.ts';

/** Somebody with old copies of the settings guesses at the password: a station made by hand, before and after its migration. */
const lab = useStation('BACKUP_1');
let sha1 = '';

const extbackup = (words: readonly string[], input: string) =>
  lab.guest.run(['extbackup', ...words], { input, okCodes: 'any', timeoutMs: 300_000 });

/** Gives the station and its disk the key that a set-up by hand would have given them. */
beforeAll(async () => {
  const { guest, server } = lab;
  await server.shell('mkdir -p /backups/docs; echo one > /backups/docs/a');
  await guest.plug(lab.disk);
  await waitForState(lab, 'BACKUP_1', ['safe-to-unplug']);
  const device = `${await guest.deviceOf(lab.disk)}1`;
  await guest.write('/root/password', password);
  await guest.shell(`systemctl stop extbackup; umask 077
    { printf '%s.' "$(cat /etc/extbackup/salt)"; cat /root/password; } | sha512sum | cut -c 1-128 | tr -d '\\n' > /mnt/ramfs/by-hand
    cryptsetup luksChangeKey --batch-mode --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --key-file /mnt/ramfs/luks_pw ${device} /mnt/ramfs/by-hand
    openssl enc -aes-256-cbc -pbkdf2 -iter 600000 -md sha256 -salt -a -in /mnt/ramfs/id_ed25519.decrypted -out /etc/extbackup/id_ed25519.encrypted -pass file:/mnt/ramfs/by-hand
    sha1sum < /mnt/ramfs/by-hand | cut -c 1-40 > /root/sha1; mv /mnt/ramfs/by-hand /mnt/ramfs/luks_pw
    cp /etc/extbackup/config.yaml /root/settings; sed '/^key:/,/^[^ ]/{/^key:/d;/^ /d}' /root/settings > /etc/extbackup/config.yaml`);
  sha1 = await guest.ask('cat /root/sha1');
  await addSettings(lab, `key: {derivation: sha512, check: ${sha1}}`);
  await guest.shell('extbackup lock; extbackup unlock --password-stdin < /root/password; systemctl start extbackup');
});

it('the same password is refused when the derivation gets slower', async () => {
  const { guest } = lab;
  expect(await guest.ask('extbackup doctor | grep -A1 derivation')).toMatch(/^WARN .*SHA-512[^]*key change/);
  const { exitCode, stderr } = await extbackup(
    ['key', 'change', '--password-stdin', '--scrypt-memory', '64M'],
    `${password}\n`,
  );
  expect([exitCode, stderr]).toEqual([12, expect.stringContaining('SHA-512')]);
  await assertClosed(lab);
  await reportStopped('guessing at the new password with the old SHA-1', 'key change refuses the old password', stderr);
});

it('after the change no file of the station allows a quick guess', async () => {
  const { guest } = lab;
  await guest.unplug(lab.disk); // so that a disk waits for the new key, and its check value is kept
  await guest.waitFor('the agent to see it go', `! grep -q '"present":true' /run/extbackup/status.json`);
  expect(await guest.ask(`grep -rl ${sha1} /etc/extbackup /var/lib/extbackup`)).toBe('/etc/extbackup/config.yaml');
  const { exitCode, stdout } = await extbackup(
    ['key', 'change', '--password-stdin', '--scrypt-memory', '64M'],
    'another password of an office\n',
  );
  expect([exitCode, stdout]).toEqual([0, expect.stringContaining('extbackup drive rekey BACKUP_1')]);
  expect(await guest.ask(`grep -rl ${sha1} /etc/extbackup /var/lib/extbackup || true`)).toBe('');
  expect(await guest.ask('extbackup doctor | grep old-checks')).toMatch(/^ok .*BACKUP_1/);
  await reportStopped(
    'guessing at the old password with what is left',
    'a check value that costs a scrypt',
    'no SHA-1 found',
  );
});

it('the old password still opens the disk that was away, and another one does not', async () => {
  const { guest } = lab;
  await guest.shell('rm -f /mnt/ramfs/luks_pw.previous');
  await guest.plug(lab.disk);
  await waitForState(lab, 'BACKUP_1', ['failed', 'do-not-unplug', 'safe-to-unplug']);
  const successes = async (): Promise<number> => (await eventsOf(lab, 'run:succeeded')).length;
  const before = await successes();
  const rekey = ['drive', 'rekey', 'BACKUP_1', '--password-stdin'];
  expect((await extbackup(rekey, 'no such password\n')).exitCode).toBe(12);
  expect((await extbackup(rekey, `${password}\n`)).exitCode).toBe(0);
  expect(await guest.ask('grep -c slowCheck /var/lib/extbackup/previous-keys.json || true')).toBe('0');
  await guest.waitFor('the run that waited for the key', async () => (await successes()) > before, 300_000);
  await waitForState(lab, 'BACKUP_1', ['safe-to-unplug']);
});
