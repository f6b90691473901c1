import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openLab, type Lab } from '../lab.ts';
import { makeWorkDirectory } from '../work-directory.ts';

/** Checks that the lab works as the stories expect. */
let lab: Lab;

beforeAll(async () => {
  lab = await openLab();
  await lab.guest.snapshot('clean');
});
beforeEach(() => lab.guest.restore('clean'));
afterAll(() => lab.close());

describe('the station', () => {
  it('runs commands with arguments, input and exit codes as they are', async () => {
    const { guest } = lab;
    const odd = ['two words', "it's", '$HOME', 'line\nbreak', '-n', ''] as const;
    const { stdout } = await guest.run(['printf', '[%s]', ...odd]);
    expect(stdout).toBe(odd.map((word) => `[${word}]`).join(''));
    expect((await guest.run(['cat'], { input: 'a\nb' })).stdout).toBe('a\nb');
    expect((await guest.shell('echo no >&2; exit 7', { okCodes: [7] })).stderr).toBe('no\n');
    await expect(guest.shell('false; true')).rejects.toThrow('ended with 1');
    await expect(guest.shell('sleep 60', { timeoutMs: 500 })).rejects.toThrow('did not end within 1.5 s');
  });

  it('has nothing but its own network and the backup server', async () => {
    const { guest } = lab;
    expect(await guest.ask('ip -4 -o route show')).not.toContain('default');
    expect(await guest.isTrue('timeout 5 bash -c "</dev/tcp/10.0.2.2/22"')).toBe(false);
  });

  it('tells the journal when something does not happen', async () => {
    await lab.guest.shell('logger -t witness "I was there"; journalctl --sync');
    await expect(lab.guest.waitFor('a miracle', 'false', 300)).rejects.toThrow(/in vain for a miracle[^]*I was there/);
  });
});

describe('a USB disk', () => {
  it('appears as a block device on the USB bus with its own serial number, and disappears', async () => {
    const { guest } = lab;
    const disk = await lab.newDisk({ name: 'WD1', sizeMb: 64 });
    await guest.plug(disk);
    const device = await guest.deviceOf(disk);
    const properties = await guest.ask(`udevadm info --query=property ${device}`);
    expect(properties).toContain('ID_BUS=usb\n');
    expect(properties).toContain('ID_SERIAL_SHORT=WD1\n');
    expect(await guest.ask(`blockdev --getsize64 ${device}`)).toBe(String(64 * 1024 * 1024));
    await guest.unplug(disk);
    await guest.waitFor('the disk to go', `! test -e ${device}`);
  });

  it('keeps what was synced when it is yanked, and loses what was not', async () => {
    const { guest } = lab;
    const disk = await lab.newDisk({ name: 'WD2', sizeMb: 64 });
    await guest.plug(disk);
    const device = await guest.deviceOf(disk);
    await guest.shell(
      `mkfs.ext4 -q ${device}; mkdir -p /mnt/t; mount ${device} /mnt/t; echo kept > /mnt/t/kept; sync; echo lost > /mnt/t/lost`,
    );
    await guest.yank(disk);
    await guest.waitFor('the disk to go', `! test -e ${device}`);
    await guest.shell('umount -l /mnt/t');
    await guest.plug(disk);
    const again = await guest.deviceOf(disk);
    await guest.shell(`mount ${again} /mnt/t`);
    expect(await guest.ask('cat /mnt/t/kept; ls /mnt/t')).toBe('kept\nkept\nlost+found');
    await guest.shell('umount /mnt/t');
  });

  it('can be cloned: equal content, another serial number', async () => {
    const { guest } = lab;
    const disk = await lab.newDisk({ name: 'ORIGINAL', sizeMb: 16 });
    await guest.plug(disk);
    await guest.shell(`printf twin | dd of=${await guest.deviceOf(disk)} conv=fsync status=none`);
    await guest.unplug(disk);
    const clone = await disk.clone('CLONE');
    await guest.plug(clone);
    await guest.plug(disk);
    expect(await guest.ask(`head -c 4 ${await guest.deviceOf(clone)}`)).toBe('twin');
    expect(await guest.deviceOf(disk)).not.toBe(await guest.deviceOf(clone));
  });

  it('can be as slow as a real one', async () => {
    const { guest } = lab;
    const disk = await lab.newDisk({ name: 'SLOW', sizeMb: 64, bytesPerSecond: 4 * 1024 * 1024 });
    await guest.plug(disk);
    const device = await guest.deviceOf(disk);
    const begin = performance.now();
    await guest.shell(`dd if=/dev/zero of=${device} bs=1M count=16 oflag=direct status=none`);
    expect(performance.now() - begin).toBeGreaterThan(2_000);
  });
});

describe('a bad USB disk', () => {
  it('can fail at all writes, or at one sector, until it is plugged in anew', async () => {
    const { guest } = lab;
    const disk = await lab.newDisk({ name: 'BAD', sizeMb: 16 });
    const write = (sector: number) =>
      `dd if=/dev/zero of=${disk.path} bs=512 count=8 seek=${String(sector)} oflag=direct conv=notrunc`;

    await guest.plug(disk, { on: 'write' });
    await guest.deviceOf(disk);
    await expect(guest.shell(write(0))).rejects.toThrow('Input/output error');
    await guest.unplug(disk);

    await guest.plug(disk, { on: 'write', sector: 800 });
    await guest.deviceOf(disk);
    await guest.shell(write(0));
    await expect(guest.shell(write(800))).rejects.toThrow('Input/output error');
    await guest.unplug(disk);

    await guest.plug(disk);
    await guest.deviceOf(disk);
    await guest.shell(write(800));
  });

  it('can be seen on the USB bus without ever becoming a block device', async () => {
    const { guest } = lab;
    await guest.plugDead('DEAD1');
    await guest.waitFor('the USB device', 'grep -qs DEAD1 /sys/bus/usb/devices/*/serial');
    await guest.shell('udevadm settle');
    expect(await guest.ask('ls /dev/sd* 2>/dev/null || true')).toBe('');
    await guest.unplugDead('DEAD1');
    await guest.waitFor('the USB device to go', '! grep -qs DEAD1 /sys/bus/usb/devices/*/serial');
  });
});

describe('time travel', () => {
  it('brings disk and memory back, not the USB disks and not the clock', async () => {
    const { guest, server } = lab;
    const disk = await lab.newDisk({ name: 'TRAVELLER', sizeMb: 16 });
    await guest.plug(disk);
    await guest.shell(
      `printf stays | dd of=${await guest.deviceOf(disk)} conv=fsync status=none; touch /root/new /run/new; sync`,
    );
    await server.shell('touch /root/new; sync');
    await guest.restore('clean');
    expect(await guest.ask('ls /root/new /run/new /dev/sd* 2>/dev/null || true')).toBe('');
    expect(await server.isTrue('test -e /root/new')).toBe(false);
    expect(Math.abs(Number(await guest.ask('date +%s')) - Date.now() / 1000)).toBeLessThan(5);
    await guest.plug(disk);
    expect(await guest.ask(`head -c 5 ${await guest.deviceOf(disk)}`)).toBe('stays');
  });

  it('survives a power cut: the synced stays, the rest is lost, disks are still in their sockets', async () => {
    const { guest } = lab;
    const disk = await lab.newDisk({ name: 'STUCK', sizeMb: 16 });
    await guest.plug(disk);
    await guest.deviceOf(disk);
    await guest.shell('echo kept > /root/kept; sync; echo lost > /root/lost; touch /run/memory');
    await guest.powerCut();
    await guest.boot();
    expect(await guest.ask('cat /root/kept; ls /root/lost /run/memory 2>/dev/null || true')).toBe('kept');
    await guest.deviceOf(disk);
  });
});

describe('the backup server', () => {
  it('is another machine: own name, disk, processes, users and network', async () => {
    const { guest, server } = lab;
    expect(await server.ask('hostname')).toBe('backup');
    expect(await guest.ask('hostname')).toBe('station');
    await server.shell('useradd --system onlyhere; echo data > /srv/data');
    expect(await guest.isTrue('getent passwd onlyhere')).toBe(false);
    expect(await guest.isTrue('test -e /srv/data')).toBe(false);
    expect(await guest.ask('findmnt --noheadings --source /dev/disk/by-id/virtio-backup || true')).toBe('');
    expect(await server.ask('ls -d /proc/[0-9]* | wc -l')).not.toBe('0');
    expect(await server.isTrue('grep -qs lab-network /proc/[0-9]*/cgroup')).toBe(false);
  });

  it('offers ssh to the station as "backup" and nothing else', async () => {
    const { guest, server } = lab;
    await guest.shell("ssh-keygen -q -t ed25519 -N '' -f /run/key");
    await server.shell('install -d -m 700 /root/.ssh; cat > /root/.ssh/authorized_keys', {
      input: await guest.ask('cat /run/key.pub'),
    });
    expect(await guest.ask('ssh -i /run/key -o StrictHostKeyChecking=no -o LogLevel=ERROR root@backup hostname')).toBe(
      'backup',
    );
    // Of each socket that listens (state 0A): the port, in hex.
    const listening = await server.ask(
      'awk \'$4 == "0A" { print substr($2, length($2) - 3) }\' /proc/net/tcp /proc/net/tcp6 | sort -u',
    );
    expect(listening).toBe((22).toString(16).padStart(4, '0'));
    expect(await guest.isTrue('timeout 3 bash -c "</dev/tcp/backup/22"')).toBe(true);
    expect(await guest.isTrue('timeout 3 bash -c "</dev/tcp/backup/23"')).toBe(false);
  });

  it('can lose its network and get it back', async () => {
    const { guest, server } = lab;
    const answers = 'timeout 3 bash -c "</dev/tcp/backup/22"';
    await server.cutNetwork();
    expect(await guest.isTrue(answers)).toBe(false);
    await server.healNetwork();
    await guest.waitFor('the network', answers);
    await server.freeze();
    expect((await guest.shell(answers, { okCodes: 'any' })).exitCode).toBe(124);
    await server.thaw();
    await guest.waitFor('the server to go on', answers);
  });
});

describe('the death of a test', () => {
  it('takes the machine with it, and the next lab removes what it left', async () => {
    const victim = execa('npx', ['tsx', '-e', openAndSay], {
      cwd: join(import.meta.dirname, '..'),
      reject: false,
      stdin: 'ignore',
    });
    const [pid = ''] = await once(victim.stdout, 'data').then(([text]) => String(text).trim().split('\n').slice(-1));
    const left = () => readdirSync(tmpdir()).some((name) => name.startsWith(`extbackup-lab-${pid}-`));
    const runs = () =>
      readdirSync('/proc').some((entry) => /^\d+$/.test(entry) && commandLine(entry).includes(`extbackup-lab-${pid}-`));
    expect([left(), runs()]).toEqual([true, true]);
    process.kill(Number(pid), 'SIGKILL');
    await victim;
    await expect.poll(runs).toBe(false);
    await rm(await makeWorkDirectory(), { recursive: true });
    expect(left()).toBe(false);
  });
});

describe('the search of the root disk', () => {
  it('finds what was written to it, even if it was deleted since, and only that', async () => {
    const { guest, server } = lab;
    const marker = () => randomBytes(24).toString('hex');
    const [written, deleted, inMemory, onUsb, onServer] = [marker(), marker(), marker(), marker(), marker()];
    const disk = await lab.newDisk({ name: 'SECRET', sizeMb: 16 });
    await guest.plug(disk);
    const device = await guest.deviceOf(disk);
    await guest.shell('cat > /root/a', { input: written });
    await guest.shell('cat > /root/b; sync; rm /root/b', { input: deleted });
    await guest.shell('mkdir /run/m; mount -t ramfs ramfs /run/m; cat > /run/m/c', { input: inMemory });
    await guest.shell(`cat > ${device}; sync`, { input: onUsb });
    await server.shell('cat > /srv/d; sync', { input: onServer });
    await guest.unplug(disk);
    await guest.snapshot('with-memory');

    const found = await guest.searchRootDisk(
      [written, deleted, inMemory, onUsb, onServer].map((text) => Buffer.from(text)),
    );
    expect(found.map((finding) => finding.pattern.toString()).sort()).toEqual([written, deleted].sort());
  });
});

const openAndSay = `import('../lab.ts').then(async ({ openLab }) => { await openLab(); console.log(process.pid); setInterval(() => {}, 1000); })`;

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return ''; // it ended just now
  }
}
