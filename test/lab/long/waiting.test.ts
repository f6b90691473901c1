import { beforeAll, beforeEach, expect, it } from 'vitest';
import { password } from '../station.ts';
import { addSettings, assertClosed, driveNow, eventsOf, waitForState } from '../stories/operator.ts';
import { useStation } from '../stories/use-station.ts';

/** The status of an open disk, of a waiting disk, and of an agent without inotify. */
const lab = useStation('BACKUP_1');

beforeAll(async () => {
  await lab.server.shell('mkdir -p /backups/docs; echo one > /backups/docs/a');
  await addSettings(
    lab,
    'pull: {retries: 0}\nnotify: [{type: command, command: /usr/bin/tee, args: [-a, /run/extbackup/news]}]',
  );
  await lab.guest.snapshot('a disk in the drawer');
});
beforeEach(() => lab.guest.restore('a disk in the drawer'));

/** A small machine under load is slow with node and LUKS. */
const patient = { timeoutMs: 400_000 };

const safe = () => waitForState(lab, 'BACKUP_1', ['safe-to-unplug']);
const status = (): Promise<string> => lab.guest.ask('extbackup status');
const subjects = async (): Promise<string[]> =>
  (await lab.guest.ask('cat /run/extbackup/news 2>/dev/null || true'))
    .split('\n')
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as { subject: string }).subject);

it('a disk that a command has open is called so, whether the agent runs or not, and is safe after it', async () => {
  const { guest } = lab;
  await guest.plug(lab.disk);
  await safe();
  await guest.run(['extbackup', 'mount', 'BACKUP_1'], patient);
  const open = {
    state: 'open',
    message: expect.stringMatching(/^open \(mount by root since .*DO NOT UNPLUG/) as string,
  };
  expect(await driveNow(lab, 'BACKUP_1')).toMatchObject(open);
  expect(await status()).toMatch(/BACKUP_1 .*DO NOT UNPLUG/);
  await guest.waitFor('the journal', async () => (await eventsOf(lab, 'drive:opened')).length > 0);
  await guest.shell('systemctl stop extbackup', patient);
  expect(await driveNow(lab, 'BACKUP_1')).toMatchObject(open);
  await guest.shell('systemctl start extbackup', patient);
  expect((await guest.run(['extbackup', 'umount'], patient)).stdout).toContain('is closed. Safe to unplug.');
  await assertClosed(lab);
  await guest.waitFor('the journal', async () => (await eventsOf(lab, 'drive:closed')).length > 0);
  expect((await driveNow(lab, 'BACKUP_1')).state).not.toBe('open');
  await guest.run(['extbackup', 'verify', 'BACKUP_1'], patient);
  expect((await eventsOf(lab, 'drive:opened', 'drive:closed')).map(({ event, command }) => [event, command])).toEqual(
    expect.arrayContaining([
      ['drive:opened', 'mount'],
      ['drive:opened', 'verify'],
    ]),
  );
});

it('with no inotify instance left the agent polls, says so, and serves plug and request all the same', async () => {
  const { guest } = lab;
  await guest.shell('sysctl -w fs.inotify.max_user_instances=1; systemctl restart extbackup', patient);
  await guest.waitFor('the warning', 'grep -q "falls back to polling" /run/extbackup/status.json');
  expect(await status()).toMatch(/Warning, .*falls back to polling: no inotify instance is left/);
  const { stdout, stderr } = await guest.run(['extbackup', 'doctor'], { okCodes: 'any', ...patient });
  expect(stdout + stderr).toMatch(/No inotify instance is left \(EMFILE\): root uses \d+ of 1 inotify instance/);
  await guest.plug(lab.disk);
  await safe();
  await guest.run(['extbackup', 'lock'], patient);
  await guest.waitFor('the key to be seen gone', 'grep -q \'"key":"missing"\' /run/extbackup/status.json');
  await guest.run(['extbackup', 'unlock', '--password-stdin'], { input: `${password}\n`, ...patient });
  const run = await guest.run(['extbackup', 'run'], { okCodes: 'any', ...patient });
  expect([run.exitCode, run.stdout]).toEqual([
    0,
    expect.stringMatching(/^BACKUP_1 is done, safe to unplug\. [^\n]*\n$/),
  ]);
  await guest.shell('sysctl -w fs.inotify.max_user_instances=128');
  await guest.waitFor('the warning to go', '! grep -q "falls back to polling" /run/extbackup/status.json');
});

it('a server that is away for minutes is one message, opens no disk in vain, and ends in a good run', async () => {
  const { guest, server } = lab;
  await server.cutNetwork();
  await guest.plug(lab.disk);
  const waiting = await waitForState(lab, 'BACKUP_1', ['waiting-for-server']);
  expect(waiting.message).toMatch(/Leave it plugged in: it goes on by itself when the server answers/);
  expect(waiting.message).not.toMatch(/safe to unplug/i);
  await assertClosed(lab);
  const opened = (await eventsOf(lab, 'luks:opened')).length;
  await guest.waitFor(
    'the first look',
    '[ "$(journalctl -o cat _PID=1 | grep -c "Failed to start extbackup-link@")" -ge 2 ]',
    300_000,
  );
  expect(await eventsOf(lab, 'luks:opened')).toHaveLength(opened);
  await server.healNetwork();
  await safe();
  expect((await eventsOf(lab, 'run:failed', 'run:succeeded')).map(({ event }) => event)).toEqual([
    'run:failed',
    'run:succeeded',
  ]);
  await guest.waitFor('the good end', async () => (await subjects()).some((subject) => subject.includes('is done')));
  expect(await subjects()).toEqual([
    'BACKUP_1 waits for the server: leave it plugged in',
    'BACKUP_1 is done, safe to unplug',
  ]);
});
