import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { password } from '../station.ts';
import { addSettings, lookInside, waitForState } from './operator.ts';
import { dataMarker, giveSwap, inShell, markerOf, nameMarker, plantOnServer } from './markers.ts';
import { useStation } from './use-station.ts';

/** Secrets and names on a running station: not in its process list or journal, and out of reach of other programs. See stolen-station.test.ts. */
const lab = useStation('BACKUP_1');
beforeAll(async () => {
  await plantOnServer(lab);
  await giveSwap(lab);
  await lab.guest.copyIn(join(import.meta.dirname, '../on-guest/intruder.py'), '/usr/local/sbin/intruder.py');
  const args = '/usr/local/sbin/intruder.py, /run/extbackup/intruder';
  await addSettings(lab, `hooks: [{when: after-mount, command: /usr/bin/python3, args: [${args}]}]`);
});

it('no secret is in a command line, an environment or the journal at any moment of a run', async () => {
  const { guest } = lab;
  const keyHex = await guest.ask('cat /mnt/ramfs/luks_pw');
  expect(keyHex.length).toBe(128);
  // Planted, one in each searched place: the search can fail.
  const planted = {
    argument: markerOf('an argument'),
    variable: markerOf('a variable'),
    message: markerOf('a message'),
  };
  const patterns = [
    '"$(head -c 32 /mnt/ramfs/luks_pw)"',
    'battery',
    'staple',
    inShell('name of a payroll'),
    ...Object.values(planted),
  ];
  const firstPlanted = patterns.length - Object.keys(planted).length;
  // The patterns reach the sampler by a file in RAM that is never swapped, like the secrets themselves.
  await guest.shell(
    `mkdir -p /mnt/sampler && mount -t ramfs -o mode=0700 ramfs /mnt/sampler; printf '%s\\n' ${patterns.join(' ')} > /mnt/sampler/patterns`,
  );
  await guest.copyIn(`${import.meta.dirname}/../on-guest/sample-processes.py`, '/root/sample-processes.py');
  await guest.shell(`systemd-run --quiet --unit sampler python3 /root/sample-processes.py /mnt/sampler/patterns /run/seen /run/rounds
    systemd-run --quiet --unit planted --setenv=PLANTED=${planted.variable} python3 -c 'import time; time.sleep(900)' ${planted.argument}`);
  await guest.waitFor('the sampler to look', 'test -s /run/rounds');
  await guest.shell(`logger ${planted.message}`);
  const pid = await guest.ask('systemctl show --property MainPID --value planted');
  await guest.plug(lab.disk);
  await waitForState(lab, 'BACKUP_1', ['safe-to-unplug']);
  expect(await guest.ask('systemctl is-active sampler')).toBe('active');
  await guest.shell('systemctl stop sampler planted; umount /mnt/sampler');
  expect(Number(await guest.ask('stat -c %s /run/rounds'))).toBeGreaterThan(20);
  const seen = (await guest.ask('cat /run/seen')).split('\n');
  expect(seen).toEqual(
    expect.arrayContaining([
      `cmdline of ${pid}: ${firstPlanted}`,
      `environ of ${pid}: ${firstPlanted + 1}`,
      `journal: ${firstPlanted + 2}`,
    ]),
  );
  expect(seen.filter((line) => Number(/\d+$/.exec(line)) < firstPlanted)).toEqual([]);
  const journal = await guest.ask('journalctl -o export --no-pager | cat');
  expect(journal).toContain(planted.message);
  for (const secret of [keyHex.slice(0, 40), password, nameMarker, dataMarker])
    expect(journal.includes(secret)).toBe(false);
});

it('what runs inside the service gets no further than its own places', async () => {
  const attempts = (await lab.guest.ask('cat /run/extbackup/intruder')).split('\n');
  expect(attempts.filter((line) => line.startsWith('done '))).toEqual([
    'done write /run/extbackup/own',
    'done write /var/lib/extbackup/own',
    'done write /mnt/plaintext/own',
  ]);
  expect(attempts.length).toBeGreaterThan(25);
});

it('an rsync that means no good gets no further than the opened disk', async () => {
  const { guest } = lab;
  const forbidden =
    '/mnt/ramfs/luks_pw /mnt/ramfs/id_ed25519.decrypted /etc/extbackup/config.yaml /etc/shadow /var/lib/extbackup/drives.json /run/extbackup/status.json /dev/sda /dev/vda';
  await guest.shell(`cp -p /usr/bin/rsync /usr/bin/rsync.real
    printf '#!/bin/sh\n/usr/bin/python3 -I /usr/local/sbin/intruder.py /mnt/plaintext/attempts ${forbidden} /mnt/plaintext/LABEL /usr/bin/true\nexec /usr/bin/rsync.real "$@"\n' > /usr/bin/rsync`);
  expect(await guest.ask('extbackup doctor | grep rsync-confined')).toMatch(/^ok /);
  await guest.run(['extbackup', 'run', '--drive', 'BACKUP_1'], { timeoutMs: 240_000 });
  await guest.shell('mv /usr/bin/rsync.real /usr/bin/rsync');
  const attempts = (await lookInside(lab, lab.disk, (top) => guest.ask(`cat ${top}/attempts`))).split('\n');
  expect(attempts.filter((line) => line.startsWith('done '))).toEqual([
    'done read /mnt/plaintext/LABEL', // but what was at the top before, such as the file of the hook, cannot be written
    'done read /usr/bin/true',
    'done see the first process', // of its box
  ]);
  expect(attempts.filter((line) => line.startsWith('refused read '))).toHaveLength(forbidden.split(' ').length);
  // All of them exist, and root can read them: the attempts could succeed.
  await guest.shell(`for file in ${forbidden}; do head -c 1 $file >/dev/null || exit 1; done`);
});

it('nobody but root looks into the memory of the agent', async () => {
  const { guest } = lab;
  await guest.copyIn(`${import.meta.dirname}/../on-guest/look-into.py`, '/run/look-into.py');
  const seenBy = (user: string, pid: string): Promise<string> =>
    guest.ask(
      `chmod 644 /run/look-into.py; setpriv --reuid ${user} --regid nogroup --clear-groups python3 /run/look-into.py ${pid}`,
    );
  const agent = await guest.ask('systemctl show --property MainPID --value extbackup');
  expect(await seenBy('nobody', agent)).toBe('');
  await guest.shell('systemd-run --quiet --unit own --uid nobody sleep 900');
  expect(await seenBy('nobody', '$(systemctl show --property MainPID --value own)')).toMatch(/^environ\nmaps/); // a process of its own: the check can fail
  await guest.shell('systemctl stop own');
  const asNobody = await guest.ask(
    'for verb in unlock "key change" "drive list"; do setpriv --reuid nobody --regid nogroup --clear-groups extbackup $verb 2>&1 || echo $?; done',
  );
  expect(asNobody.match(/^Only root may .*\nRun this as root.*\n2$/gm)).toHaveLength(3);
});

it('a command that waits for the password is kept out of swap', async () => {
  const { guest } = lab;
  const limits =
    await guest.ask(`mkfifo /run/held; extbackup unlock --password-stdin </run/held >/dev/null 2>&1 & exec 3>/run/held
    scope=/sys/fs/cgroup/system.slice/extbackup-$!.scope
    for i in $(seq 100); do grep -qx $! $scope/cgroup.procs 2>/dev/null && cat $scope/memory.swap.max && break; sleep 0.2; done; exec 3>&-; wait; rm /run/held`);
  expect(limits).toBe('0');
});
