import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { reportStopped } from '../attack-table.ts';
import { assertClosed, lookInside, waitForState } from './operator.ts';
import { useStation } from './use-station.ts';

/** A server that took over rsync completely gets no further than the copy. A program in rsync's place tries each way out. */
const lab = useStation('BACKUP_1');

interface Attempt {
  readonly outcome: string;
  readonly name: string;
  readonly by: string;
}

const attemptsIn = (text: string): Attempt[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [outcome = '', name = '', by = ''] = line.split('\t');
      return { outcome, name, by };
    });

const doneOf = (attempts: readonly Attempt[]): string[] =>
  attempts.filter(({ outcome }) => outcome === 'DONE').map(({ name }) => name);

const run = () => lab.guest.run(['extbackup', 'run', '--drive', 'BACKUP_1'], { timeoutMs: 240_000 });
const program = '/usr/local/sbin/break-out.py';
let history = '';
const readHistory = (top: string): Promise<string> =>
  lab.guest.ask(
    `cd ${top} && find history LABEL .extbackup/seal.json -printf '%P %y %m %U:%G\\n' | sort; cat history/*/letters/*`,
  );

beforeAll(async () => {
  const { guest, server } = lab;
  await server.shell('mkdir -p /backups/letters; for i in $(seq 20); do echo "letter $i" > /backups/letters/$i; done');
  await guest.plug(lab.disk);
  await waitForState(lab, 'BACKUP_1', ['safe-to-unplug']);
  await server.shell('echo "another letter" > /backups/letters/7');
  await run();
  history = await lookInside(lab, lab.disk, readHistory);
  expect(history).toContain('letter 7');
  await guest.copyIn(join(import.meta.dirname, '../on-guest/break-out.py'), program);
  await guest.shell(
    `systemd-run --quiet --unit abstract python3 -c 'import socket, time; one = socket.socket(socket.AF_UNIX); one.bind("\\0lab-abstract"); one.listen(9); time.sleep(3600)'`,
  );
});

it('in the box of rsync nothing gets out', async () => {
  const { guest } = lab;
  const agent = await guest.ask('systemctl show --property MainPID --value extbackup');
  await guest.shell(`cp -p /usr/bin/rsync /usr/bin/rsync.real
    printf '#!/bin/sh\n/usr/bin/python3 -I /usr/share/break-out.py /mnt/plaintext/attempts ${agent}\nexec /usr/bin/rsync.real "$@"\n' > /usr/bin/rsync
    cp ${program} /usr/share/break-out.py`);
  await run();
  await guest.shell('mv /usr/bin/rsync.real /usr/bin/rsync');
  const attempts = attemptsIn(await lookInside(lab, lab.disk, (top) => guest.ask(`cat ${top}/attempts`)));
  expect(doneOf(attempts)).toEqual(['the mirror', 'a new name for a file of the mirror', 'reading old history']);
  expect(attempts.length).toBeGreaterThan(60);
  for (const { name, by } of attempts.filter(({ outcome }) => outcome === 'stopped'))
    await reportStopped(`rsync taken over: ${name}`, 'the box', by);
});

it('the same program gets through outside of the box: the attempts could succeed', async () => {
  const { guest } = lab;
  const agent = await guest.ask('systemctl show --property MainPID --value extbackup');
  await guest.run(['python3', program, '--outside', '/run/attempts', agent], { timeoutMs: 120_000 });
  const attempts = attemptsIn(await guest.ask('cat /run/attempts; umount /tmp 2>/dev/null || true'));
  expect(attempts.filter(({ outcome }) => outcome !== 'DONE')).toEqual([]);
});

it('the history of earlier runs, the seal and the station are what they were, and the disk is closed', async () => {
  const { guest } = lab;
  expect(await lookInside(lab, lab.disk, readHistory)).toBe(history);
  expect(await guest.ask('stat -c %a /dev/null /etc/passwd /usr/bin/true; cat /proc/sys/kernel/core_pattern')).toBe(
    '666\n644\n755\ncore',
  );
  expect(await guest.ask('extbackup doctor | grep rsync-confined')).toMatch(/^ok /);
  await assertClosed(lab);
});

it('without bwrap a run is refused here, where it once worked', async () => {
  const { guest } = lab;
  await guest.shell('mv /usr/bin/bwrap /usr/bin/bwrap.away; systemctl restart extbackup');
  const { stderr, exitCode } = await guest.run(['extbackup', 'run', '--drive', 'BACKUP_1'], {
    okCodes: 'any',
    timeoutMs: 240_000,
  });
  expect(stderr).toContain('rsync cannot be confined');
  expect(exitCode).toBe(13);
  expect(await guest.ask('extbackup doctor | grep rsync-confined || true')).toMatch(/^WARN /i);
  await assertClosed(lab);
  await reportStopped('a station whose bwrap was taken away', 'refusal of the run', stderr);
  await guest.shell('mv /usr/bin/bwrap.away /usr/bin/bwrap');
});
