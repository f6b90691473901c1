import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lab } from '../lab.ts';
import type { UsbDisk } from '../usb-disk.ts';
import { assertClosed, driveNow, eventsOf, openStation, waitForState } from './operator.ts';

/**
 * The server and the disks are not trusted. Told in order, with one disk in its socket and one agent, which must be the
 * same at the end. Odd names, device nodes and setuid files are in every source tree of the lab; see make-odd-tree.py.
 */
let lab: Lab;
let disk: UsbDisk;
let agent: string;
const agentNow = (): Promise<string> => lab.guest.ask('systemctl show -p MainPID --value extbackup');

beforeAll(async () => {
  const station = await openStation('BACKUP_1');
  lab = station;
  [disk] = station.disks as [UsbDisk];
  await lab.server.shell(`mkdir -p /backups/docs /backups/tools; echo kept > /backups/docs/kept; cd /backups/tools
    cp /bin/true suid; chmod 4755 suid; mknod disk b 254 0; printf esc > "$(printf 'a\\033]0;owned\\007\\033[2J')"
    ln -s /etc absolute; ln -s ../../../../../../../../etc/passwd upwards`);
  const intruder = await readFile(join(import.meta.dirname, '../on-guest/intruder.py'));
  await lab.guest.write('/usr/local/sbin/intruder.py', intruder);
  await lab.guest.shell(`echo canary > /var/lib/extbackup/canary; rm -f /run/extbackup/intruder
    printf 'pull: {retries: 0, stallTimeout: 10s}\\nhooks: [{when: after-mount, command: /usr/bin/python3, args: [/usr/local/sbin/intruder.py]}]\\n' >> /etc/extbackup/config.yaml`);
  agent = await agentNow();
  await lab.guest.plug(disk);
  await waitForState(lab, 'BACKUP_1', ['safe-to-unplug']);
});
afterAll(() => lab.close());

const runNow = () => lab.guest.run(['extbackup', 'run'], { okCodes: 'any', timeoutMs: 120_000 });

it('what runs inside the service gets no further than its own places', async () => {
  const attempts = (await lab.guest.ask('cat /run/extbackup/intruder')).split('\n');
  expect(attempts.filter((line) => line.startsWith('done ')).map((line) => line.slice(5))).toEqual(['write /run/extbackup/own', 'write /var/lib/extbackup/own', 'write /mnt/plaintext/own']);
  expect(attempts.length).toBeGreaterThan(25);
});

describe('a server', () => {
  it('that puts links in place of directories gets nobody to follow them', async () => {
    await lab.server.shell('cd /backups; rm -r docs; ln -s /var/lib/extbackup docs; mkdir tools/history; echo x > tools/history/canary');
    expect((await runNow()).exitCode).toBe(0);
    await lab.server.shell('cd /backups; rm docs; mkdir docs; echo new > docs/canary; rm -r tools/history; ln -s /var/lib/extbackup tools/history');
    expect((await runNow()).exitCode).toBe(0);
    expect(await lab.guest.ask('cat /var/lib/extbackup/canary')).toBe('canary');
  });

  it('that names files with control characters gets none of them to a terminal or the journal', async () => {
    const told = await lab.guest.ask('journalctl -u extbackup -o cat --no-pager; extbackup status; extbackup history; cat /run/extbackup/status.json');
    expect(told).toContain('BACKUP_1');
    expect(told).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f]|owned/);
  });

  it.each([
    ['with text in place of the protocol', 'echo Welcome to the machine; exec cat', /EXB_NO_RSYNC/],
    ['with text that never ends', 'exec yes', /EXB_NO_RSYNC/],
    ['with complaints that never end', 'exec yes >&2', /EXB_(STALLED|NETWORK)/],
    ['with noise after the right greeting', 'printf "\\\\037\\\\000\\\\000\\\\000"; exec yes', /EXB_(PULL|NETWORK)/],
    ['with a greeting and silence', 'printf "\\\\037\\\\000\\\\000\\\\000"; exec sleep 1000', /EXB_(STALLED|NETWORK)/],
  ])('that answers %s ends the run, and the disk is closed', async (_how, script, code) => {
    await lab.server.shell(`cp -p /home/extbackup/.ssh/authorized_keys /root/keys; printf '#!/bin/sh\\n${script}\\n' > /usr/local/bin/hostile; chmod 755 /usr/local/bin/hostile
      sed -i 's#command="[^"]*"#command="/usr/local/bin/hostile"#' /home/extbackup/.ssh/authorized_keys`);
    const { exitCode } = await runNow();
    await lab.server.shell('cp -p /root/keys /home/extbackup/.ssh/authorized_keys; pkill -x yes; pkill -x sleep; true');
    expect(exitCode).toBe(13);
    expect((await eventsOf(lab, 'run:failed')).at(-1)?.['code']).toMatch(code);
    await assertClosed(lab);
    expect((await driveNow(lab, 'BACKUP_1')).state).toBe('failed');
  });
});

describe('a disk', () => {
  it('that has the LUKS header of an enrolled one and nothing behind it is opened by nobody', async () => {
    const { guest } = lab;
    const impostor = await lab.newDisk({ name: 'IMPOSTOR', sizeMb: 64 });
    await guest.shell(`head -c 8192 "$(readlink -f ${disk.path})1" > /root/header`);
    await guest.unplug(disk);
    await guest.plug(impostor);
    const device = await guest.deviceOf(impostor);
    await guest.shell(`head -c 200000 /dev/urandom > ${device}; dd if=/root/header of=${device} conv=notrunc,fsync status=none`);
    await guest.unplug(impostor);
    await guest.plug(impostor);
    await waitForState(lab, 'BACKUP_1', ['failed']);
    await assertClosed(lab);
    await guest.unplug(impostor);
  });

  it('with a header of four megabytes of brackets, that comes and goes without end, disturbs nobody', async () => {
    const { guest } = lab;
    const wild = await lab.newDisk({ name: 'WILD', sizeMb: 64 });
    await guest.plug(wild);
    const device = await guest.deviceOf(wild);
    await guest.shell(`printf x | cryptsetup luksFormat --batch-mode --type luks2 --luks2-metadata-size 4m --label BACKUP_1 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 ${device} -
      head -c 4000000 /dev/zero | tr '\\0' '[' | dd of=${device} bs=4096 seek=1 conv=notrunc,fsync status=none`);
    for (let times = 0; times < 12; times += 1) {
      await guest.unplug(wild);
      await guest.plug(wild);
    }
    await guest.unplug(wild);
    await guest.plug(disk);
    await waitForState(lab, 'BACKUP_1', ['safe-to-unplug']);
  });
});

it('and through all of this it was one agent, of usual size', async () => {
  expect(await agentNow()).toBe(agent);
  expect(Number(await lab.guest.ask(`grep -oP '^VmHWM:\\s+\\K\\d+' /proc/${agent}/status`))).toBeLessThan(200_000);
  expect(await lab.guest.ask('ls -A /run/extbackup/link /run/extbackup/courier /run/extbackup/spool 2>/dev/null | grep -v : || true; systemctl list-units --no-legend "extbackup-link@*" "extbackup-courier@*"')).toBe('');
});
