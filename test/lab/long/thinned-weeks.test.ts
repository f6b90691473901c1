import { beforeAll, expect, it } from 'vitest';
import { addSettings, assertClosed, eventsOf, waitForState } from '../stories/operator.ts';
import { useStation } from '../stories/use-station.ts';

/** Four weeks with two runs each, over a compressed link, on a disk that keeps one state a week. */
const lab = useStation('BACKUP_1');

/** Days of the runs after the first one. */
const days = [0, 2, 7, 9, 14, 16, 21, 23];
const dayMs = 86_400_000;
const first = firstDay();
const at = (day: number): Date => new Date(first + day * dayMs);

/**
 * Noon of tomorrow, or of Monday if the second run would be in another week. Not later: the clock of a station that was off
 * is trusted for five days, and weeks go by the disk's measured time.
 */
function firstDay(): number {
  const tomorrow = new Date(Math.floor(Date.now() / dayMs) * dayMs + 1.5 * dayMs);
  const weekday = tomorrow.getUTCDay();
  return tomorrow.getTime() + (weekday === 0 ? 1 : weekday > 4 ? 8 - weekday : 0) * dayMs;
}

/**
 * The station was off until then: the agent finds another boot, and a clock that is synchronised. A real start of the
 * emulated machine would take minutes.
 */
async function wakeAt(day: number): Promise<void> {
  await lab.guest.shell(`systemctl stop extbackup
    date -s @${String(at(day).getTime() / 1000)} > /dev/null
    mkdir -p /run/systemd/timesync; touch /run/systemd/timesync/synchronized
    cat /proc/sys/kernel/random/uuid > /run/boot-${String(day)}
    mount --bind /run/boot-${String(day)} /proc/sys/kernel/random/boot_id
    systemctl start extbackup`);
}

const restore = (day: number) => {
  const time = new Date(at(day).getTime() + 3_600_000).toISOString();
  return lab.guest.run(
    ['extbackup', 'restore', 'BACKUP_1', 'letter', '--overwrite', '--to', '/dev/shm', '--at', time],
    { okCodes: 'any', timeoutMs: 240_000 },
  );
};

beforeAll(async () => {
  await lab.server.shell('mkdir -p /backups; seq 200000 > /backups/numbers');
  await addSettings(lab, 'pull: {compress: always}\nhistory: {keep: {atLeast: 10d, weekly: 4, perRun: 100%}}');
  await lab.guest.shell('extbackup pause --for 2h');
  await lab.guest.plug(lab.disk);
  await waitForState(lab, 'BACKUP_1', ['idle']);
});

it('each run is compressed, good, and closes the disk', async () => {
  for (const day of days) {
    await wakeAt(day);
    await lab.server.shell(`echo 'written on day ${String(day)}' > /backups/letter`);
    await lab.guest.run(['extbackup', 'run', '--drive', 'BACKUP_1'], { timeoutMs: 300_000 });
  }
  await assertClosed(lab);
  const compressed = await eventsOf(lab, 'sync:compressed');
  expect(compressed.length).toBeGreaterThanOrEqual(days.length);
  for (const event of compressed) expect(event).toMatchObject({ isOn: true, because: 'setting' });
  expect(await eventsOf(lab, 'run:failed', 'run:warned')).toEqual([]);
});

it('of the weeks before the last ten days, the state of the end of each week is left', async () => {
  const givenUp = { why: 'rule', capped: false, stuck: 0, removed: 0, givenUp: { states: 1 } };
  expect(await eventsOf(lab, 'history:pruned')).toMatchObject([givenUp, givenUp]); // of the first and the second week

  for (const day of [2, 9, 14, 16, 21, 23]) {
    const { exitCode, stderr } = await restore(day);
    expect(exitCode, `day ${String(day)}: ${stderr}`).toBe(0);
    expect(await lab.guest.ask('cat /dev/shm/letter')).toBe(`written on day ${String(day)}`);
  }
  for (const day of [0, 7]) {
    const { exitCode, stderr } = await restore(day);
    expect(exitCode, `day ${String(day)}: ${stderr}`).toBe(16);
    expect(stderr).toContain('given up');
  }
  expect(await lab.guest.ask('cat /dev/shm/letter')).toBe('written on day 23'); // nothing was written
  await assertClosed(lab);
});
