import { beforeAll, expect, it } from 'vitest';
import { setUpServer } from '../station.ts';
import { assertClosed, driveNow, waitForState } from '../stories/operator.ts';
import { useStation } from '../stories/use-station.ts';

/** Accounts that accept the ssh key and start nothing: the run names the trouble in its first try, and server-setup mends it. */
const lab = useStation('BACKUP_1');

beforeAll(async () => {
  await lab.server.shell('mkdir -p /backups/docs; echo content > /backups/docs/a');
  await lab.guest.plug(lab.disk);
  await waitForState(lab, 'BACKUP_1', ['safe-to-unplug']);
});

/** The part of a run's record that tells how often the server was asked. */
interface Run {
  readonly startedAt: string;
  readonly endedAt: string;
  readonly outcome: string;
  readonly message: string;
}

const lastRun = async (): Promise<Run> =>
  JSON.parse(await lab.guest.ask('tail -n 1 /var/lib/extbackup/runs.jsonl')) as Run;

const troubles = [
  {
    name: 'an account that has expired',
    make: 'usermod --expiredate 1 extbackup',
    words: /the account of the backup has expired/,
  },
  {
    name: 'an account that must change its password',
    make: 'chage --lastday 0 extbackup',
    words: /demands a new password for the account of the backup/,
  },
  {
    name: 'a sudo that demands a terminal',
    make: "printf 'Defaults requiretty\\n' > /etc/sudoers.d/company; chmod 440 /etc/sudoers.d/company",
    words: /sudo demands a terminal \(requiretty\)/,
  },
  {
    name: 'a lost rule of sudo',
    make: 'rm /etc/sudoers.d/extbackup /etc/sudoers.d/company',
    words: /its forced command or sudo does not allow it/,
  },
  {
    name: 'a lost authorized_keys',
    make: 'rm ~extbackup/.ssh/authorized_keys',
    words: /did not accept the ssh key of this station/,
  },
] as const;

it.each(troubles)('$name is named at once, and the script of server-setup mends it', async ({ make, words }) => {
  const { guest, server } = lab;
  await server.shell(make);
  const failed = await guest.shell('extbackup run --drive BACKUP_1', { okCodes: 'any', timeoutMs: 600_000 });
  const [run, { state }] = [await lastRun(), await driveNow(lab, 'BACKUP_1')];
  await assertClosed(lab);
  await setUpServer(guest, server); // before anything is judged: the next account starts from a good one
  expect(`${failed.stdout}${failed.stderr}`).toMatch(words);
  expect(failed.exitCode).toBe(13);
  expect(run).toMatchObject({ outcome: 'failure', message: expect.stringMatching(words) as string });
  expect(state).toBe('failed');

  await guest.run(['extbackup', 'run', '--drive', 'BACKUP_1'], { timeoutMs: 240_000 });
  expect(await lastRun()).toMatchObject({ outcome: 'success' });
});

it('a server without python3 is named at once', async () => {
  const { guest, server } = lab;
  const python = (await server.ask('readlink -f /usr/bin/python3')).trim();
  await server.shell(`mv ${python} ${python}.gone`);
  const failed = await guest.shell('extbackup run --drive BACKUP_1', { okCodes: [13], timeoutMs: 240_000 });
  expect(`${failed.stdout}${failed.stderr}`).toMatch(/python3 is missing there/);
  // The script names it as well, and changes nothing.
  const { stdout: script } = await guest.run(['extbackup', 'server-setup']);
  const refused = await server.shell('sh', { input: script, okCodes: [1] });
  expect(refused.stderr).toMatch(/needs python3, which is not installed/);
  await server.shell(`mv ${python}.gone ${python}`);
  await guest.run(['extbackup', 'run', '--drive', 'BACKUP_1'], { timeoutMs: 240_000 });
});
