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

/** Room and time are measured: neither a program's output nor a wrong clock removes history. */
const lab = useStation('BACKUP_1');

/** Settings under which everything but the newest entry is old enough to be removed. */
const expendable = 'history: {keep: {atLeast: 1s, minFree: 0%}}';

beforeAll(async () => {
  await addSettings(lab, expendable);
  await lab.server.shell(`mkdir -p /backups/projects/2024; echo small > /backups/small
    cd /backups/projects/2024; for n in 1 2 3 4; do head -c 12M /dev/urandom > film-$n; done`);
  await backUp('run:succeeded');
});

/** Plugs the disk in, waits for the end of the run, and takes it out. */
async function backUp(end: 'run:succeeded' | 'run:failed', timeoutMs = 480_000): Promise<Record<string, unknown>> {
  const count = async (name: string): Promise<number> => (await eventsOf(lab, name)).length;
  const before = await count(end);
  await lab.guest.plug(lab.disk);
  await lab.guest.waitFor(end, async () => (await count(end)) > before, timeoutMs);
  await lab.guest.waitFor(
    'the disk to be closed',
    async () => (await eventsOf(lab, 'drive:safe-to-unplug')).length > 0,
  );
  await assertClosed(lab);
  const last = (await eventsOf(lab, end)).at(-1) ?? {};
  await takeOut(lab, lab.disk);
  return last;
}

/** Opens the disk with stock tools, and takes it out again, while no agent runs. */
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
  // The agent's own watch, or the run, whichever looks first; it is told once.
  const warnings = await eventsOf(lab, 'run:warned', 'warning:raised');
  expect(warnings.filter(({ reason }) => String(reason).includes('jumped ahead'))).toHaveLength(1);
  await lab.guest.shell(`date -s @${String(now + 600)}`);
  expect(await backUp('run:succeeded')).toMatchObject({ stamped: true });
  const { lastSuccess } = await driveNow(lab, 'BACKUP_1');
  expect(Date.parse(lastSuccess ?? '') / 1000).toBeLessThan(now + 3_600);
  expect(await eventsOf(lab, 'history:pruned')).toEqual([]);
  const left = new Set((await entries()).split('\n'));
  for (const entry of before.split('\n')) expect(left).toContain(entry);
});

it('more links to one file than the disk takes are a gap with its words, and all else is copied', async () => {
  await leaveFree(100);
  await addSettings(lab, 'guard: {floor: 100000}'); // so many new files would be held
  // The server's own file system allows no more links than the disk, so the tree is in RAM.
  await lab.server.shell(`mkdir /backups/links; mount -t tmpfs -o nr_inodes=200k none /backups/links
    python3 - <<'END'
import os
os.chdir('/backups/links')
open('first', 'w').write('one content')
for directory in range(7):
    os.mkdir(str(directory))
    for name in range(10_000):
        os.link('first', f'{directory}/{name}')
END
    echo beside > /backups/links/zz`);
  try {
    expect(await backUp('run:succeeded', 1_800_000)).toMatchObject({ stamped: false, gaps: true });
    const warned = JSON.stringify(await eventsOf(lab, 'run:warned'));
    expect(warned).toContain('more hard links than this file system takes');
    expect(JSON.stringify(await eventsOf(lab, 'run:failed'))).not.toContain('EXB_DISK');
    expect(await eventsOf(lab, 'history:pruned')).toEqual([]);
    await withDisk(() =>
      lookInside(lab, lab.disk, async (top) => {
        expect(await lab.guest.ask(`cat ${top}/backups/links/zz`)).toBe('beside');
        const names = Number(await lab.guest.ask(`find ${top}/backups/links -type f | wc -l`));
        expect(names).toBeGreaterThan(64_000);
        // As many names as one inode takes, and a second one for the others.
        const inodes = await lab.guest.ask(`find ${top}/backups/links -type f -links +1 -printf '%i %n\\n' | sort -u`);
        expect(inodes.split('\n')).toHaveLength(2);
        expect(inodes).toMatch(/ 6[45]\d\d\d$/m);
      }),
    );
  } finally {
    await lab.server.shell('umount /backups/links; rmdir /backups/links');
  }
});

it('a disk with 1,500 inodes gives up its oldest entry for want of them, and the run is good', async () => {
  await lab.server.shell('rm -rf /backups/*; mkdir /backups/mail');
  // Every file changes in every run.
  await lab.guest.shell('sed -i /^guard:/d /etc/extbackup/config.yaml');
  await addSettings(lab, 'guard: {enabled: false}');
  await withDisk(() =>
    changeOnDisk(
      lab,
      lab.disk,
      (top) => `rm -rf /root/kept; mkdir /root/kept; cp -a ${top}/LABEL ${top}/.extbackup /root/kept
        rm -rf /root/kept/.extbackup/attributes /root/kept/.extbackup/history
        umount ${top}; mkfs.ext4 -q -F -O ea_inode -N 1500 /dev/mapper/look; mount /dev/mapper/look ${top}
        cp -a /root/kept/. ${top}/`,
    ),
  );
  for (const round of [1, 2, 3]) {
    await writeMail(round);
    expect(await backUp('run:succeeded')).toMatchObject({ stamped: true, gaps: false });
  }
  expect(await eventsOf(lab, 'history:pruned')).toEqual([]);
  await writeMail(4);
  expect(await backUp('run:succeeded')).toMatchObject({ stamped: true, gaps: false });
  const pruned = await eventsOf(lab, 'history:pruned');
  expect(pruned.length).toBeGreaterThan(0);
  for (const event of pruned) expect(event).toMatchObject({ why: 'inodes', stuck: 0 });
  await withDisk(() =>
    lookInside(lab, lab.disk, async (top) => {
      const own = await lab.guest.ask(`cd ${top}/backups && find . -type f | sort | xargs md5sum`);
      expect(own).toBe(await lab.server.ask('cd /backups && find . -type f | sort | xargs md5sum'));
      const free = Number(await lab.guest.ask(`df --output=pcent ${top} | tail -n 1 | tr -d ' %'`));
      expect(free).toBeLessThan(50); // room for bytes was never short
    }),
  );
});

/** 440 small files, each with another content in each round. */
async function writeMail(round: number): Promise<void> {
  await lab.server.shell(`python3 - <<'END'
for name in range(440):
    open(f'/backups/mail/{name}', 'w').write(f'mail {name} of round ${String(round)}')
END`);
}
