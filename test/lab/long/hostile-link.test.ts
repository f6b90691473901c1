import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { reportStopped } from '../attack-table.ts';
import { addSettings, assertClosed, waitForState } from '../stories/operator.ts';
import { useStation } from '../stories/use-station.ts';

/** A server that took over ssh is in a unit of its own, which has the network and the ssh key, and nothing else. */
const lab = useStation('BACKUP_1');

beforeAll(async () => {
  const { guest, server } = lab;
  await server.shell('mkdir -p /backups/docs; echo one > /backups/docs/a');
  await guest.copyIn(join(import.meta.dirname, '../on-guest/in-place-of-ssh.py'), '/usr/share/in-place-of-ssh.py');
  await guest.plug(lab.disk);
  await waitForState(lab, 'BACKUP_1', ['safe-to-unplug']);
});

it('ssh gets no further than the network', async () => {
  const { guest } = lab;
  await guest.shell(`cp -p /usr/bin/ssh /usr/bin/ssh.real
    printf '#!/bin/sh\\nexec /usr/bin/python3 -I /usr/share/in-place-of-ssh.py "$@"\\n' > /usr/bin/ssh
    extbackup run --drive BACKUP_1 >/dev/null 2>&1 &`);
  await guest.waitFor('the attempts', 'cat /run/extbackup-link-*/attempts >/dev/null 2>&1');
  const account = await guest.ask('stat -c %U /run/extbackup-link-*/attempts');
  const lines = (await guest.ask('cat /run/extbackup-link-*/attempts')).split('\n').map((line) => line.split('\t'));
  await guest.shell('extbackup cancel; mv /usr/bin/ssh.real /usr/bin/ssh', { timeoutMs: 240_000 });
  expect(account).toBe('extbackup-link');
  expect(lines.filter(([outcome]) => outcome === 'DONE').map(([, name]) => name)).toEqual([
    'its own directory',
    'its ssh key',
    'the network',
  ]);
  expect(lines.length).toBeGreaterThan(20);
  for (const [outcome, name = '', why = ''] of lines)
    if (outcome === 'stopped') await reportStopped(`ssh taken over: ${name}`, 'the unit of the connection', why);
  await guest.waitFor(
    'the disk to be closed',
    `! ls /sys/class/block/dm-*/dm/name 2>/dev/null | xargs -r grep -l ^extbackup- | grep -q .`,
  );
  await assertClosed(lab);
});

it('what it left in its directory is not followed as a link, and gone after the run', async () => {
  expect(await lab.guest.ask('ls -d /run/extbackup-link-* /run/extbackup/link/* 2>/dev/null || true')).toBe('');
});

it('a jump host that could not be pinned is refused when the settings are read', async () => {
  const { guest } = lab;
  await guest.shell('cp /etc/extbackup/config.yaml /root/settings');
  await addSettings(lab, "ssh: {options: ['ProxyJump=somebody@elsewhere']}");
  const { exitCode, stderr } = await guest.run(['extbackup', 'config', 'check'], { okCodes: 'any' });
  await guest.shell('cat /root/settings > /etc/extbackup/config.yaml');
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining('it leads over another host')]);
  await reportStopped('a way through a jump host that nobody pinned', 'the check of the settings', stderr);
});
