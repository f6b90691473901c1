import { beforeAll, expect, it } from 'vitest';
import type { RunResult } from '../host.ts';
import { differences, makeSourceTree, manifestOf } from '../source-tree.ts';
import { password } from '../station.ts';
import { assertClosed, waitForState } from './operator.ts';
import { atTerminal, commandsOfSheet, followSheet, giveTerminal } from './person.ts';
import { useStation } from './use-station.ts';

/** Restoring files, in order: with the program, at a terminal, and with the printed sheet alone. */
const lab = useStation('BACKUP_1');
/** The end of the first run, in the form of the sheet. */
let between: string;

beforeAll(async () => {
  await makeSourceTree(lab.server, '/backups', { smallFiles: 20 });
  await lab.server.shell(
    `mkdir /backups/letters; cd /backups/letters; echo first > to-anna; echo gone > to-bert; echo same > to-cleo; touch "$(printf 'to\\033[2Jodd')"`,
  );
  await lab.guest.plug(lab.disk);
  await giveTerminal(lab.guest);
  await waitForState(lab, 'BACKUP_1', ['safe-to-unplug']);
  between = await lab.guest.ask('date -u +%Y%m%dT%H%M%SZ');
});

/** Runs the CLI; whatever its exit code. */
const extbackup = (...args: readonly string[]): Promise<RunResult> =>
  lab.guest.run(['extbackup', ...args], { okCodes: 'any', timeoutMs: 240_000 });

it('a monitor at the station says in big letters that the disk is safe to unplug', async () => {
  const { guest } = lab;
  await guest.shell('systemctl enable --now extbackup-console@tty1');
  await guest.waitFor('the verdict', "grep -q 'BACKUP_1: SAFE TO UNPLUG' /dev/vcs1"); // the letters of the first terminal
  expect(await guest.isTrue('systemctl is-active getty@tty1')).toBe(false);
  await guest.shell('systemctl stop extbackup');
  await guest.waitFor('the end of the agent', "grep -q 'NOT RUNNING' /dev/vcs1");
  await guest.shell('systemctl start extbackup; systemctl disable --now extbackup-console@tty1');
});

it('all of it comes back with everything that a file is, by an independent reader', async () => {
  const back = await extbackup('restore', 'BACKUP_1', '--to', '/dev/shm/all');
  expect(back).toMatchObject({ exitCode: 0, stdout: 'Restored to /dev/shm/all. Disk BACKUP_1 is closed again.\n' });
  expect(back.stderr).not.toContain('Warning');
  const source = await manifestOf(lab.server, '/backups');
  expect(source.length).toBeGreaterThan(100);
  expect(differences(source, await manifestOf(lab.guest, '/dev/shm/all'))).toEqual([]);
  await assertClosed(lab);
});

it('nothing is overwritten unasked, a dry run writes nothing, the own disk is warned of, and no name reaches the terminal as it is', async () => {
  const { guest } = lab;
  await guest.shell('echo mine > /dev/shm/all/letters/to-anna');
  const again = await extbackup('restore', 'BACKUP_1', 'letters/to-anna', '--to', '/dev/shm/all/letters');
  expect(again).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('/dev/shm/all/letters/to-anna exists already.\n') as string,
  });
  expect(await guest.ask('cat /dev/shm/all/letters/to-anna')).toBe('mine');
  const dry = await extbackup('restore', 'BACKUP_1', 'letters', '--to', '/srv/dry', '--dry-run');
  expect(dry.stdout).toContain('to-cleo\n');
  expect(dry.stdout + (await extbackup('restore', 'BACKUP_1', '--list', 'letters')).stdout).not.toContain('\x1b');
  expect(await guest.isTrue('test -e /srv/dry')).toBe(false);
  const own = await extbackup('restore', 'BACKUP_1', 'letters/to-cleo', '--to', '/srv/own');
  expect(own).toMatchObject({
    exitCode: 0,
    stderr: expect.stringMatching(/^Warning: \/srv\/own is on this machine's own disk/) as string,
  });
});

it('a person at a terminal looks around at an earlier date, and picks', async () => {
  const { guest, server } = lab;
  await server.shell('cd /backups/letters; echo second > to-anna; rm to-bert; echo later > to-dora');
  expect((await extbackup('run', '--drive', 'BACKUP_1')).exitCode).toBe(0);
  const enter = '\r';
  const shown = await atTerminal(
    guest,
    ['env', 'TERM=xterm', 'NO_COLOR=1', 'extbackup', 'restore'],
    ['as of the last backup', 'another'],
    ['backup another', enter],
    ['Which date?', 'before'],
    ['type one before', enter], // the newest of the two runs
    ['BACKUP_1:/, as of 20', 'letters'],
    ['UTC letters', enter],
    ['BACKUP_1:/letters, as of 20', 'bert'],
    ['UTC bert', '\x15'],
    ['to-cleo', 'restore this'],
    ['UTC restore this', enter],
    ['to which directory?', '/dev/shm/then\n'],
    ['Restored to /dev/shm/then/letters.', 'enough'],
    ['UTC enough', enter],
  );
  expect(shown).toContain('Disk BACKUP_1 is closed again.');
  expect(await guest.ask('cd /dev/shm/then/letters; cat to-anna to-bert to-cleo; ls')).toMatch(
    /^first\ngone\nsame\n(?![^]*dora)/,
  );
  await assertClosed(lab);
});

it('a drill restores a random sample, leaves nothing behind, and is in the report', async () => {
  const { guest } = lab;
  const drill = await extbackup('drill', 'BACKUP_1', '--json');
  expect(drill).toMatchObject({ exitCode: 0 });
  const counts = JSON.parse(drill.stdout) as Record<string, number>;
  expect(counts).toMatchObject({ drive: 'BACKUP_1', files: 20, bad: 0 });
  expect(counts['fromHistory']).toBeGreaterThan(0);
  expect(await guest.ask('find /run/extbackup -name "drill-*"')).toBe('');
  await assertClosed(lab);
  await guest.shell(
    'extbackup report --evidence --html /root/evidence.html; extbackup report --html /root/report.html',
  );
  const days = (await guest.ask('date -d "1 hour ago" +%F; date +%F')).trim().split('\n').join('|'); // it may be midnight
  const evidence = await guest.ask('cat /root/evidence.html');
  expect(evidence.match(new RegExp(`(${days}) \\d\\d:\\d\\d</td>`, 'g'))?.length).toBeGreaterThanOrEqual(3);
  expect(await guest.ask('stat -c %a /root/report.html; extbackup report')).toMatch(/^600\n.*BACKUP_1/s);
});

it('the printed sheet, the password and stock tools are enough, also for an earlier date', async () => {
  const { guest } = lab;
  const html = await guest.ask('extbackup recovery-sheet --html --with-salt 2>/dev/null');
  const text = await guest.ask('extbackup recovery-sheet --with-salt 2>/dev/null');
  const commands = commandsOfSheet(text);
  for (const line of commands.split('\n'))
    expect(html).toContain(
      line.replace(/[&<>"]/g, (letter) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[letter] ?? '&quot;'),
    );
  await guest.shell(
    'systemctl stop extbackup; extbackup lock; dpkg --purge --force-all extbackup; rm -rf /etc/extbackup /var/lib/extbackup',
    { okCodes: 'any' },
  );
  await followSheet(guest, commands.replace(/^at=.*$/m, `at=${between}`), password);
  expect(
    await guest.ask('cd /srv/restored/letters; cat to-anna to-bert to-cleo to-dora; cat /srv/came-later.txt'),
  ).toMatch(/^first\ngone\nsame\nlater\nletters\/to-dora\n?$/);
  await assertClosed(lab);
  expect(await guest.isTrue('test -e /mnt/recovery-key/key')).toBe(false);
});
