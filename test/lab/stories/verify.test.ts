import { beforeAll, expect, it } from 'vitest';
import { quote, type RunResult } from '../host.ts';
import { assertClosed, eventsOf, waitForState, waitUntilGone } from './operator.ts';
import { useStation } from './use-station.ts';

/** A disk that ages, in order: its runs read it back part by part, and SMART reports its health, or does not. */
const lab = useStation('BACKUP_1');

/** The number of runs that read everything. */
const rounds = 2;

beforeAll(async () => {
  await lab.server.shell(
    'mkdir -p /backups/planted; cd /backups/planted; for i in $(seq 100 139); do { echo "the letter number $i"; seq 600; } > letter-$i; done',
  );
  await lab.guest.shell(
    `printf 'verify:\\n  share: ${String(100 / rounds)}%%\\n' >> /etc/extbackup/config.yaml; mv /usr/sbin/smartctl /usr/sbin/smartctl.real`,
  );
  await lab.guest.plug(lab.disk);
  await waitForState(lab, 'BACKUP_1', ['safe-to-unplug']);
});

/** Runs the CLI; whatever its exit code. */
const extbackup = (...args: readonly string[]): Promise<RunResult> =>
  lab.guest.run(['extbackup', ...args], { okCodes: 'any', timeoutMs: 240_000 });

const run = async (): Promise<void> => {
  const { exitCode, stderr } = await extbackup('run', '--drive', 'BACKUP_1');
  expect(`${String(exitCode)} ${stderr}`).toMatch(/^0 /);
};

/** The figures of reading back in the last run. */
const readBack = async (): Promise<Record<string, unknown>> => (await eventsOf(lab, 'data:verified')).at(-1) ?? {};

/** Changes the closed disk with stock tools alone. */
const inside = (script: string): Promise<string> =>
  lab.guest.ask(`
  mkdir -p /root/inside; cryptsetup open --key-file /mnt/ramfs/luks_pw ${lab.disk.path}-part1 inside; mount /dev/mapper/inside /root/inside
  cd /root/inside; { ${script}
  }; cd /; umount /root/inside; cryptsetup close inside`);

/** Flips one bit; size and times stay. */
const flip = (file: string): string =>
  `touch -r ${file} /run/times; printf X | dd of=${file} bs=1 seek=3 conv=notrunc status=none; touch -r /run/times ${file}`;

/** Virtual disks have no SMART, so smartctl is a stand-in. A disk is asked once a day. */
const smartctlOfTomorrow = (script: string) =>
  lab.guest.shell(
    `rm -f /usr/sbin/smartctl; printf '#!/bin/sh\\n%s\\n' ${quote(script)} > /usr/sbin/smartctl; chmod 755 /usr/sbin/smartctl; date -s '+1 day'`,
  );

/** All records outside the disk: journal, status, run log. */
const told = (): Promise<string> =>
  lab.guest.ask('journalctl --no-pager -o json | cat; cat /run/extbackup/status.json /var/lib/extbackup/*');

const warnings = async (): Promise<string[]> => (await eventsOf(lab, 'run:warned')).map(({ reason }) => String(reason));

it('as many runs as the share says read everything; neither a missing smartctl nor one that has nothing bad to say is news', async () => {
  await lab.guest.shell('mv /usr/sbin/smartctl.real /usr/sbin/smartctl');
  await run();
  const [first, second] = await eventsOf(lab, 'data:verified');
  expect(first).toMatchObject({ recorded: 40, damaged: 0, unreadable: 0 }); // all copied files
  expect(second).toMatchObject({ recorded: 0, damaged: 0, unreadable: 0 });
  expect(Number(first?.['compared'])).toBeLessThan(40);
  expect(Number(first?.['compared']) + Number(second?.['compared'])).toBeGreaterThanOrEqual(40);
  expect(await lab.guest.ask('cat /var/lib/extbackup/drives.json')).toMatch(
    /"smart": ?(?:null|"passed")[^]*"smartAskedAt": ?"20/,
  );
  expect(await warnings()).toEqual([]);
});

it('a flipped bit is found by the run whose turn it is, counted everywhere, named on the disk only', async () => {
  await inside(flip('backups/planted/letter-137'));
  await smartctlOfTomorrow('echo "{\\"smartctl\\":{\\"exit_status\\":2}}"; exit 2'); // like a USB bridge that blocks SMART
  await run();
  expect(await readBack()).toMatchObject({ damaged: 0 }); // the next run reads it
  expect(await warnings()).toEqual([]);
  await run();
  expect(await readBack()).toMatchObject({ damaged: 1, unreadable: 0 });
  expect(await warnings()).toEqual([expect.stringContaining('1 file on disk BACKUP_1 is damaged')]);
  const [status, list] = [await extbackup('status'), await extbackup('drive', 'list')];
  expect(status.stdout).toContain('1 file damaged');
  expect(list.stdout).toContain('1 file damaged');
  expect(await inside('cat .extbackup/damaged-files.txt')).toMatch(/Z {2}planted\/letter-137$/m);
  expect(await told()).not.toMatch(/letter-1|planted/);
});

it('verify finds it too, has it copied again, and then all is well', async () => {
  const found = await extbackup('verify', 'BACKUP_1', '--repair');
  expect(found.exitCode).toBe(13);
  expect(found.stdout).toContain('40 files compared');
  expect(found.stderr).toMatch(
    /^1 file on disk BACKUP_1 is damaged: 1 differs from what was written\.\nThey are named in \.extbackup\/damaged-files\.txt on the disk/m,
  );
  expect(found.stdout + found.stderr).not.toContain('letter-1');
  await run();
  expect(await inside('cat backups/planted/letter-137; ls .extbackup')).toMatch(
    /^the letter number 137\n(?![^]*damaged)/,
  );
  expect(await extbackup('verify', 'BACKUP_1')).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('40 files compared') as string,
  });
  expect((await extbackup('drive', 'list')).stdout).not.toContain('damaged');
});

it('a sample is compared with the server, over the real line; names stay on the disk', async () => {
  const same = await extbackup('verify', 'BACKUP_1', '--against-server');
  expect(same).toMatchObject({
    exitCode: 0,
    stdout: 'Disk BACKUP_1: sample of 40 files, 40 the same on the server, 0 changed there since, 0 no longer there.\n',
  });
  await lab.server.shell(`cd /backups/planted; ${flip('letter-120')}; echo more >> letter-121; rm letter-122`);
  const differs = await extbackup('verify', 'BACKUP_1', '--against-server', '--sample', '100%');
  expect(differs).toMatchObject({
    exitCode: 13,
    stdout: 'Disk BACKUP_1: sample of 40 files, 37 the same on the server, 1 changed there since, 1 no longer there.\n',
    stderr: expect.stringContaining('1 file on disk BACKUP_1 differs from the server in content') as string,
  });
  expect(differs.stderr).not.toContain('letter-1');
  expect(await inside('cat .extbackup/differs-from-server.txt; cat backups/planted/letter-120')).toMatch(
    / {2}planted\/letter-120\nthe letter/,
  );
});

it('a sector that cannot be read, and a disk that says of itself that it fails, are warnings in the report of the run', async () => {
  const { guest } = lab;
  // The first sector of the file on the disk: start of the partition, of the volume in it, of the file in that.
  const places = [
    await guest.ask(`cat /sys/class/block/$(basename $(readlink -f ${lab.disk.path}-part1))/start`),
    await guest.ask(`cryptsetup luksDump ${lab.disk.path}-part1 | awk '/offset:/ { print $2 / 512; exit }'`),
    await inside('filefrag -b512 -v backups/planted/letter-130 | awk \'$1 == "0:" { print $4 + 0 }\''),
  ];
  const sector = places.reduce((sum, place) => sum + Number(place), 0);
  await guest.unplug(lab.disk);
  await waitUntilGone(lab);
  await guest.shell('sed -i "s/share:.*/share: 100%/" /etc/extbackup/config.yaml');
  await smartctlOfTomorrow(
    'echo "{\\"smartctl\\":{\\"exit_status\\":8},\\"smart_status\\":{\\"passed\\":false}}"; exit 8',
  );
  await guest.plug(lab.disk, { on: 'read', sector });
  await waitForState(lab, 'BACKUP_1', ['safe-to-unplug']);
  expect(await readBack()).toMatchObject({ damaged: 0, unreadable: 1 });
  const last = (await warnings()).slice(1);
  expect(last).toEqual(
    expect.arrayContaining([
      expect.stringContaining('1 cannot be read'),
      expect.stringMatching(/answered .*command.* with an error during its run/),
      expect.stringContaining('reports that it is about to fail (SMART)'),
    ]),
  );
  const ended = (JSON.parse(await guest.ask('extbackup history --json')) as Record<string, unknown>[]).at(-1);
  expect(ended).toMatchObject({ outcome: 'success', released: true, verified: { damaged: 1 } });
  expect(Number(ended?.['mediaErrors'])).toBeGreaterThan(0);
  expect(await guest.ask('extbackup drive list')).toContain('SMART: FAILING');
  expect(await told()).not.toMatch(/letter-1|planted/);
  await assertClosed(lab);
});
