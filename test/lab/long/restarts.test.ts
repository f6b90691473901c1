import { beforeAll, beforeEach, expect, it } from 'vitest';
import { coverTools, goOn, notices, pauseAt, waitForPause, type PausePoint } from '../faults/pause-points.ts';
import { addSettings, assertClosed, driveNow, eventsOf, lookInside, waitForState } from '../stories/operator.ts';
import { useStation } from '../stories/use-station.ts';
import type { UsbDisk } from '../usb-disk.ts';

/** Notices, records and the disk after the agent was restarted or killed during a run. */
const lab = useStation('BACKUP_1');

beforeAll(async () => {
  await lab.server.shell(
    'mkdir -p /backups/docs; echo one > /backups/docs/a; head -c 6M /dev/urandom > /backups/docs/new',
  );
  await coverTools(lab.guest, lab.server);
  await addSettings(
    lab,
    'pull: {stallTimeout: 10m, retries: 0}\nnotify: [{type: command, command: /opt/cover/notice}]',
  );
  await lab.guest.snapshot('a disk in the drawer');
});
/** A snapshot does not restore what is on a disk: each test has a copy on which no run has been. */
let disk: UsbDisk;
let copies = 0;
beforeEach(async () => {
  await lab.guest.restore('a disk in the drawer');
  disk = await lab.disk.clone(`BACKUP1_${String((copies += 1))}`);
});

interface Run {
  readonly outcome: string;
  readonly code: string | null;
  readonly message: string;
}
const linesOf = async <Line>(file: string): Promise<Line[]> =>
  (await lab.guest.ask(`cat ${file} 2>/dev/null || true`))
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line);
const runs = (): Promise<Run[]> => linesOf<Run>('/var/lib/extbackup/runs.jsonl');
const subjects = async (): Promise<string[]> =>
  (await linesOf<{ event: string; subject: string }>(notices))
    .filter(({ event }) => event.startsWith('run:'))
    .map(({ subject }) => subject);
const runEnded = (count: number): Promise<void> =>
  lab.guest.waitFor(`${String(count)} runs to end`, async () => (await runs()).length >= count, 480_000);
const labelTime = (): Promise<number> =>
  lookInside(lab, disk, async (top) => Number(await lab.guest.ask(`stat -c %Y ${top}/LABEL`)));

/** Stops a run at this point. */
async function runUntil(point: PausePoint): Promise<void> {
  await pauseAt(lab.guest, point);
  await lab.guest.plug(disk);
  await waitForPause(lab.guest, point);
}

it.each(['opening', 'pulling middle'] as const)(
  'a restart while %s: the run is told as interrupted, nobody is told to take the disk out, and it goes on to a good end',
  async (point) => {
    const { guest } = lab;
    await runUntil(point);
    if (point === 'pulling middle')
      expect(await guest.ask('systemd-inhibit --list --no-legend')).toMatch(/extbackup .*shutdown:sleep.*BACKUP_1/);
    await guest.shell('systemctl --no-block restart extbackup; sleep 3');
    await goOn(guest);
    await runEnded(2);
    await waitForState(lab, 'BACKUP_1', ['safe-to-unplug']);
    expect(await runs()).toMatchObject([{ outcome: 'cancelled', code: 'EXB_CANCELLED' }, { outcome: 'success' }]);
    await guest.waitFor('the news', async () => (await subjects()).length >= 2);
    expect(await subjects()).toEqual([
      'BACKUP_1 was interrupted, leave it plugged in',
      'BACKUP_1 is done, safe to unplug',
    ]);
    expect(await eventsOf(lab, 'drive:safe-to-unplug')).toHaveLength(1);
    expect(await guest.ask('systemd-inhibit --list --no-legend')).not.toContain('BACKUP_1');
    await assertClosed(lab);
    const { lastSuccess } = await driveNow(lab, 'BACKUP_1');
    expect(await labelTime()).toBeGreaterThanOrEqual(Math.floor(Date.parse(lastSuccess ?? '') / 1000) - 60);
  },
);

it('a restart while closing: the run was complete, is told as good, and is not done again', async () => {
  const { guest } = lab;
  await runUntil('closing');
  await guest.shell('systemctl --no-block restart extbackup; sleep 3');
  await goOn(guest);
  await runEnded(1);
  await guest.waitFor('the news', async () => (await subjects()).length >= 1);
  // On a slow machine the stopping agent has no time to deliver it: the next one does, and calls nothing safe any more.
  const inTime = 'BACKUP_1 is done, safe to unplug';
  const late = 'BACKUP_1 is done, check before you unplug it';
  expect([[inTime], [late]]).toContainEqual(await subjects());
  await waitForState(lab, 'BACKUP_1', ['safe-to-unplug', 'idle', 'closed']);
  expect(await runs()).toMatchObject([{ outcome: 'success' }]);
  await assertClosed(lab);
});

it('an agent that is killed three times in the middle of a run: each death is told, and the fourth waits for a person', async () => {
  const { guest } = lab;
  await runUntil('pulling middle');
  for (let death = 1; death <= 3; death += 1) {
    if (death > 1) await waitForPause(guest, 'pulling middle');
    await guest.shell(`rm -f "/proc/$(cat /run/lab-server.pid)/root/run/pause/reached"
      systemctl kill --kill-whom=main --signal=SIGKILL extbackup`);
    await runEnded(death);
  }
  await goOn(guest);
  await guest.waitFor('the news', async () => (await subjects()).length >= 3);
  const cutOff = { outcome: 'failure', code: 'EXB_CUT_OFF' };
  expect(await runs()).toMatchObject([cutOff, cutOff, cutOff]);
  const drive = await waitForState(lab, 'BACKUP_1', ['failed']);
  expect(drive).toMatchObject({ lastSuccess: null });
  expect(drive.message).toContain('cut off');
  await assertClosed(lab);
  expect(await labelTime()).toBe(0);

  await guest.run(['extbackup', 'run', '--drive', 'BACKUP_1'], { timeoutMs: 480_000 });
  expect((await runs()).at(-1)).toMatchObject({ outcome: 'success' });
  const left = await lookInside(lab, disk, (top) =>
    guest.ask(`cd ${top}; find history .extbackup-work/unfinished backups -name '.*' 2>/dev/null || true`),
  );
  expect(left).toBe('');
});
