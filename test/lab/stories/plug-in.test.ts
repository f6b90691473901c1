import { beforeAll, describe, expect, it } from 'vitest';
import { differences, makeSourceTree, manifestOf } from '../source-tree.ts';
import { addSettings, assertClosed, driveNow, eventsOf, lookInside, waitForState, waitUntilGone } from './operator.ts';
import { atTerminal, giveTerminal } from './person.ts';
import { useStation } from './use-station.ts';

/** The main job: a disk is plugged in, and without any command it ends as an exact mirror, closed, safe to unplug. */
const lab = useStation('BACKUP_1');
const plantedName = 'quarterly-figures-planted-name';

beforeAll(async () => {
  await makeSourceTree(lab.server, '/backups');
  await lab.server.shell(`echo planted-content > /backups/${plantedName}`);
  await giveTerminal(lab.guest);
  await lab.guest.run(['extbackup', 'config', 'set', 'release.after', 'park']); // the default
  await inBackground(
    'watch-mounts',
    'sh',
    '-c',
    'until grep -H " /mnt/plaintext " /proc/[0-9]*/mountinfo >/run/seen-mounts; do sleep 4; done',
  );
  await inBackground('watch-status', 'extbackup', 'status', '--json', '--watch');
  await lab.guest.waitFor('the watching to begin', 'test -s /run/watch-status');
});

/** A program that runs during the story; its output is in /run/NAME. */
const inBackground = (name: string, ...command: string[]): Promise<unknown> =>
  lab.guest.run([
    'systemd-run',
    '--quiet',
    `--unit=${name}`,
    `--property=StandardOutput=file:/run/${name}`,
    ...command,
  ]);

describe('the first plug', () => {
  it('leads to "safe to unplug" without any command', async () => {
    await lab.guest.plug(lab.disk);
    await waitForState(lab, 'BACKUP_1', ['safe-to-unplug']);
    expect((await driveNow(lab, 'BACKUP_1')).lastSuccess).not.toBeNull();
    await assertClosed(lab);
  });

  it('told the whole story, in order, once', async () => {
    // That the USB device came up well is found out beside the run.
    const told = (await eventsOf(lab))
      .map(({ event }) => String(event))
      .filter((name) => !name.endsWith(':progress') && name !== 'warning:settled');
    const run = told.slice(told.lastIndexOf('run:queued'));
    expect(run).toEqual([
      'run:queued',
      'run:started',
      'luks:opened',
      'fs:checked',
      'fs:mounted',
      'label:verified',
      'sync:started',
      'sync:finished',
      'label:stamped',
      'data:verified',
      'fs:unmounted',
      'luks:closed',
      'drive:parked',
      'run:succeeded',
      'drive:safe-to-unplug',
    ]);
    expect(await eventsOf(lab, 'run:started')).toHaveLength(1);
  });

  it('mounted the disk for the agent alone, and so that nothing on it can run or be a device', async () => {
    const seen = (await lab.guest.ask('cat /run/seen-mounts')).split('\n');
    const agent = await lab.guest.ask('systemctl show -p MainPID --value extbackup');
    expect(seen.some((line) => line.startsWith(`/proc/${agent}/mountinfo:`))).toBe(true);
    expect(seen.filter((line) => line.startsWith('/proc/1/'))).toEqual([]);
    for (const line of seen) expect(line).toMatch(/ \/mnt\/plaintext rw,nosuid,nodev,noexec/);
  });

  it('was followed by a script that watches the status, change by change', async () => {
    await lab.guest.shell('systemctl stop watch-status');
    const watched = (await lab.guest.ask('cat /run/watch-status'))
      .split('\n')
      .map((line) => JSON.parse(line) as { drives: { state: string }[]; run: { phase: string } | null });
    const phases = new Set(watched.map(({ run }) => run?.phase));
    for (const phase of ['opening', 'pulling', 'closing', undefined]) expect(phases).toContain(phase);
    expect(watched.at(-1)?.drives[0]?.state).toBe('safe-to-unplug');
  });

  it('made an exact mirror, by an independent reader', async () => {
    const source = await manifestOf(lab.server, '/backups');
    const mirror = await lookInside(lab, lab.disk, (top) => manifestOf(lab.guest, `${top}/backups`));
    expect(source.length).toBeGreaterThan(100);
    expect(differences(source, mirror)).toEqual([]);
  });

  it('moved the time of LABEL, and left its content without a newline', async () => {
    const [stamped] = await eventsOf(lab, 'label:stamped');
    const { mtime, label } = await lookInside(lab, lab.disk, async (top) => ({
      mtime: Number(await lab.guest.ask(`stat -c %Y ${top}/LABEL`)),
      label: await lab.guest.ask(`od -An -c ${top}/LABEL | tr -d ' \\n'`),
    }));
    expect(mtime).toBe(Math.floor(Date.parse(String(stamped?.['stampedAt'])) / 1000));
    expect(label).toBe('BACKUP_1');
  });

  it('named no file and no secret in journal and status', async () => {
    const everything = await lab.guest.ask(
      'journalctl -o json --no-pager | cat; cat /run/extbackup/status.json /var/lib/extbackup/*',
    );
    const key = await lab.guest.ask('cat /mnt/ramfs/luks_pw');
    expect(key).toMatch(/^[0-9a-f]{128}$/);
    expect(everything).toContain('drive:safe-to-unplug');
    expect(everything.includes(key)).toBe(false);
    expect(everything.includes(plantedName)).toBe(false);
  });
});

describe('a second plug', () => {
  it('transfers only what changed, and removes what the source lost', async () => {
    await lab.guest.unplug(lab.disk);
    await waitUntilGone(lab);
    await lab.server.shell(
      `echo more > /backups/new-file; echo changed > /backups/${plantedName}; rm -r /backups/rights`,
    );
    await lab.guest.plug(lab.disk);
    await waitForState(lab, 'BACKUP_1', ['safe-to-unplug']);
    const finished = (await eventsOf(lab, 'sync:finished')).at(-1);
    expect(finished?.['filesTransferred']).toBe(2);
    expect(finished?.['filesDeleted']).toBeGreaterThan(0);
    const source = await manifestOf(lab.server, '/backups');
    const mirror = await lookInside(lab, lab.disk, (top) => manifestOf(lab.guest, `${top}/backups`));
    expect(differences(source, mirror)).toEqual([]);
    expect(await eventsOf(lab, 'run:started')).toHaveLength(2);
  });
});

describe('a run that an operator asks for at a terminal', () => {
  it('shows a bar that moves, and ends with the good news', async () => {
    await lab.server.shell('head -c 30M /dev/urandom > /backups/large');
    await addSettings(lab, 'pull: {bandwidthLimit: 4000, compress: never}'); // KiB a second: slow enough to be watched
    const shown = await atTerminal(lab.guest, ['env', 'TERM=xterm', 'extbackup', 'run', '--drive', 'BACKUP_1']);
    expect(new Set(shown.match(/█+░* \d+ %/g) ?? []).size).toBeGreaterThan(1);
    expect(shown).toContain('safe to unplug');
  });
});
