import { beforeAll, expect, it } from 'vitest';
import {
  addSettings,
  assertClosed,
  changeOnDisk,
  driveNow,
  eventsOf,
  lookInside,
  takeOut,
} from '../stories/operator.ts';
import { useStation } from '../stories/use-station.ts';

/** Room and time are measured: nothing of the history goes for what a program says, or for what a clock claims. */
const lab = useStation('BACKUP_1');

/** What goes is what would go first: everything but the newest entry is old enough. */
const expendable = 'history: {keep: {atLeast: 1s, minFree: 0%}}';

beforeAll(async () => {
  await addSettings(lab, expendable);
  await lab.server.shell(`mkdir -p /backups/projects/2024; echo small > /backups/small
    cd /backups/projects/2024; for n in 1 2 3 4; do head -c 12M /dev/urandom > film-$n; done`);
  await backUp('run:succeeded');
});

/** Plugs the disk in, waits for the end of the run, and takes it out. */
async function backUp(end: 'run:succeeded' | 'run:failed'): Promise<Record<string, unknown>> {
  const count = async (name: string): Promise<number> => (await eventsOf(lab, name)).length;
  const before = await count(end);
  await lab.guest.plug(lab.disk);
  await lab.guest.waitFor(end, async () => (await count(end)) > before, 480_000);
  await lab.guest.waitFor(
    'the disk to be closed',
    async () => (await eventsOf(lab, 'drive:safe-to-unplug')).length > 0,
  );
  await assertClosed(lab);
  const last = (await eventsOf(lab, end)).at(-1) ?? {};
  await takeOut(lab, lab.disk);
  return last;
}

/** Opens the disk with stock tools, and takes it out again, while no agent looks. */
async function withDisk<T>(work: () => Promise<T>): Promise<T> {
  await lab.guest.shell('systemctl stop extbackup');
  await lab.guest.plug(lab.disk);
  const result = await work();
  await lab.guest.unplug(lab.disk);
  await lab.guest.shell('systemctl start extbackup');
  return result;
}

const leaveFree = (megabytes: number): Promise<void> =>
  withDisk(() =>
    changeOnDisk(
      lab,
      lab.disk,
      (top) => `rm -f ${top}/filler; sync; free=$(df --output=avail -B1 ${top} | tail -n 1)
        head -c $((free - ${String(megabytes * 1_000_000)})) /dev/zero > ${top}/filler`,
    ),
  );

const entries = (): Promise<string> =>
  withDisk(() => lookInside(lab, lab.disk, (top) => lab.guest.ask(`ls ${top}/history ${top}/.extbackup/history`)));

it('a renamed directory fits on a disk without room for a second copy', async () => {
  await leaveFree(20);
  await lab.server.shell('mkdir /backups/archive; mv /backups/projects/2024 /backups/archive/');
  expect(await backUp('run:succeeded')).toMatchObject({ stamped: true, gaps: false });
  await withDisk(() =>
    lookInside(lab, lab.disk, async (top) => {
      const own = await lab.guest.ask(`cd ${top}/backups && find . -type f | sort | xargs md5sum`);
      expect(own).toBe(await lab.server.ask('cd /backups && find . -type f | sort | xargs md5sum'));
      expect(await lab.guest.ask(`ls ${top}/history/*/projects/2024`)).toContain('film-3');
    }),
  );
});

it('an attribute that the disk cannot hold is a gap, and costs no history', async () => {
  await leaveFree(3);
  await withDisk(() =>
    changeOnDisk(
      lab,
      lab.disk,
      (top) => `umount ${top}; debugfs -w -R "feature -ea_inode" /dev/mapper/look; mount /dev/mapper/look ${top}`,
    ),
  );
  const before = await entries();
  await lab.server.shell(`mkdir /backups/streams; mount -t tmpfs none /backups/streams; echo x > /backups/streams/file
    python3 -c "import os; os.setxattr('/backups/streams/file', 'user.stream', os.urandom(20000))"`);
  expect(await backUp('run:succeeded')).toMatchObject({ stamped: false, gaps: true });
  expect(await eventsOf(lab, 'history:pruned')).toEqual([]);
  expect(JSON.stringify(await eventsOf(lab, 'run:warned'))).toContain('attribute');
  expect(await lab.guest.ask('extbackup history --json | tail -n 20')).toMatch(/"exitCode": ?3/);
  const left = new Set((await entries()).split('\n'));
  for (const entry of before.split('\n')) expect(left).toContain(entry);
  await lab.server.shell('umount /backups/streams; rmdir /backups/streams');
});

it('a clock in 2036 for one run harms neither the history nor the time of the last backup', async () => {
  await leaveFree(20);
  const before = await entries();
  const now = Number(await lab.guest.ask('date +%s'));
  await lab.guest.shell('date -s 2036-01-01');
  expect(await backUp('run:succeeded')).toMatchObject({ stamped: true });
  expect(JSON.stringify(await eventsOf(lab, 'run:warned'))).toContain('jumped ahead');
  await lab.guest.shell(`date -s @${String(now + 600)}`);
  expect(await backUp('run:succeeded')).toMatchObject({ stamped: true });
  const { lastSuccess } = await driveNow(lab, 'BACKUP_1');
  expect(Date.parse(lastSuccess ?? '') / 1000).toBeLessThan(now + 3_600);
  expect(await eventsOf(lab, 'history:pruned')).toEqual([]);
  const left = new Set((await entries()).split('\n'));
  for (const entry of before.split('\n')) expect(left).toContain(entry);
});
