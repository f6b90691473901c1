import { beforeAll, expect, it } from 'vitest';
import { password } from '../station.ts';
import { assertClosed, eventsOf, waitForState } from './operator.ts';
import { atTerminal, give, giveTerminal, namesInRam, shellPrompt } from './person.ts';
import { useStation } from './use-station.ts';

/** The keys on an ordinary day, in order: logins, a run, a locked station. */
const lab = useStation('BACKUP_1');

beforeAll(async () => {
  await lab.server.shell('mkdir -p /backups/docs; head -c 8M /dev/urandom > /backups/docs/report');
  await giveTerminal(lab.guest);
});

it('the first login is asked for the password, can refuse with Ctrl-C, and nothing else is ever asked', async () => {
  const { guest } = lab;
  const withKey = await atTerminal(guest, ['su', '-'], [shellPrompt, 'exit\n']);
  expect(withKey).not.toContain('assword');
  await guest.run(['extbackup', 'lock']);
  expect(await namesInRam(guest)).toBe('');
  // Not interactive, even on a terminal; both protocols of scp.
  expect((await atTerminal(guest, ['bash', '-lc', 'echo quiet'])).trim()).toBe('quiet');
  await guest.shell(`ssh-keygen -q -t ed25519 -N '' -f /root/copy; cat /root/copy.pub >> /root/.ssh/authorized_keys
    for protocol in -s -O; do scp $protocol -q -i /root/copy -o StrictHostKeyChecking=no -o BatchMode=yes /etc/hostname root@localhost:/root/copied; cmp /etc/hostname /root/copied; done`);
  const refused = await atTerminal(
    guest,
    ['su', '-'],
    ['Password of the backup disks', '\x03'],
    [shellPrompt, 'echo on-we-$((40+2))-go\n'],
    ['on-we-42-go', 'exit\n'],
  );
  expect(refused).toContain('stay locked until: extbackup unlock');
  expect(await namesInRam(guest)).toBe('');
});

it('a question that systemd asks keeps nobody from unlocking, and its answer unlocks too', async () => {
  const { guest } = lab;
  await guest.shell('systemd-run --quiet --unit asking --property RemainAfterExit=yes extbackup unlock --ask-systemd');
  await guest.waitFor('the question', 'ls /run/systemd/ask-password/ask.* >/dev/null 2>&1');
  expect(await give(guest, password, 'unlock')).toContain('The keys are loaded');
  const key = await guest.ask('cat /mnt/ramfs/luks_pw');
  await guest.shell('rm /mnt/ramfs/*');
  await atTerminal(
    guest,
    ['systemd-tty-ask-password-agent', '--query'],
    ['Password of the backup disks', `${password}\n`],
  );
  await guest.waitFor(
    'the key',
    'test -e /mnt/ramfs/id_ed25519.decrypted && test "$(systemctl show -P SubState asking)" = exited',
  );
  expect(await guest.ask('cat /mnt/ramfs/luks_pw')).toBe(key);
});

it('during a run, lock is refused, a wrong password changes nothing, and unlocking again breaks nothing', async () => {
  const { guest } = lab;
  await guest.plug(lab.disk);
  await guest.waitFor('rsync', 'pkill -STOP -x rsync');
  const before = await guest.ask('sha256sum /mnt/ramfs/*');
  expect((await guest.run(['extbackup', 'lock'], { okCodes: [11] })).stderr).toContain(
    'A run or another command is using a disk',
  );
  expect(await give(guest, 'not the password', 'unlock')).toMatch(/^12 (Building the key .*\n)?The password is wrong/);
  expect(await give(guest, password, 'unlock')).toMatch(/^0 /);
  expect(await guest.ask('sha256sum /mnt/ramfs/*')).toBe(before);
  await guest.shell('pkill -CONT -x rsync');
  await waitForState(lab, 'BACKUP_1', ['safe-to-unplug']);
  expect(await eventsOf(lab, 'run:succeeded')).toHaveLength(1);
});

it('lock wipes the keys, but closes no disk that somebody is using, and says who that is', async () => {
  const { guest } = lab;
  await guest.run(['extbackup', 'mount', 'BACKUP_1'], { timeoutMs: 200_000 });
  await guest.shell('systemd-run --quiet --unit reader --working-directory=/mnt/plaintext sleep 900');
  const { stdout, stderr } = await guest.run(['extbackup', 'lock'], { okCodes: [20], timeoutMs: 60_000 });
  expect(stdout).toContain('The keys are wiped.');
  expect(stderr).toMatch(/\/mnt\/plaintext is still in use by sleep \(\d+\)\.\nDO NOT UNPLUG/);
  expect(await namesInRam(guest)).toBe('');
  await guest.shell('systemctl stop reader');
  expect((await guest.run(['extbackup', 'lock'], { timeoutMs: 60_000 })).stdout).toMatch(
    /no key in RAM[^]*Closed disk BACKUP_1/,
  );
  await assertClosed(lab);
});
