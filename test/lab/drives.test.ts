import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RunResult } from './host.ts';
import { openLab, type Lab } from './lab.ts';
import { password, preparedStation, prepareDisk } from './station.ts';
import { eventsOf, waitForState } from './stories/operator.ts';
import type { Fault, UsbDisk } from './usb-disk.ts';

/** What a person does with disks besides plugging them in, on a real kernel and from the installed package. */
let lab: Lab;

beforeAll(async () => {
  lab = await openLab(await preparedStation());
  await lab.server.shell('mkdir -p /backups/docs && echo one > /backups/docs/a && echo two > /backups/docs/b');
  await lab.guest.snapshot('set up');
});
afterEach(() => lab.guest.restore('set up'));
afterAll(() => lab.close());

/** Runs the CLI; whatever its exit code. */
const extbackup = (...args: readonly string[]): Promise<RunResult> => lab.guest.run(['extbackup', ...args], { okCodes: 'any', timeoutMs: 300_000 });

const nothingIsOpen = async (): Promise<void> => {
  expect(await lab.guest.ask('ls /sys/class/block | grep ^dm- || true; grep extbackup- /proc/mounts || true')).toBe('');
};

describe('drive prepare', () => {
  it('refuses the disk of the system, names that are no disk, and a disk in use, also with --yes', async () => {
    const { guest } = lab;
    const disk = await lab.newDisk({ name: 'USED', sizeMb: 96 });
    await guest.plug(disk);
    const device = await guest.deviceOf(disk);
    await guest.shell(`printf 'label: gpt\nsize=20M\nsize=20M\n' | sfdisk -q ${device}; udevadm settle; mkswap -q ${device}1; swapon ${device}1`);
    const refusals = [['/dev/vda', 'holds /'], ['/dev/nothing', 'There is no disk /dev/nothing'], [`${device}2`, `name it: ${device}`], [device, 'swap space in use'], [device, 'is mounted at /mnt/used']] as const;
    for (const [name, words] of refusals) {
      if (words.includes('/mnt/used')) await guest.shell(`swapoff ${device}1; mkfs.ext4 -q -F ${device}2; mkdir -p /mnt/used; mount ${device}2 /mnt/used`);
      const { exitCode, stderr } = await extbackup('drive', 'prepare', name, '--label', 'BACKUP_1', '--yes');
      expect(stderr + String(exitCode)).toContain(words);
      expect(exitCode).toBe(10);
    }
    // Invisible to everybody else: only the kernel knows.
    await guest.shell(`umount /mnt/used; unshare --mount --propagation private sh -c 'mount ${device}2 /mnt/used; touch /run/mounted; sleep 600' >/dev/null 2>&1 & while ! test -e /run/mounted; do sleep 0.1; done`);
    expect(await extbackup('drive', 'prepare', device, '--label', 'BACKUP_1', '--yes')).toMatchObject({ exitCode: 10, stderr: expect.stringContaining('in use by the kernel') as string });
  });

  it('asks before it erases anything, is refused without a terminal, and can be run again after each kind of interruption', async () => {
    const { guest } = lab;
    const disk = await lab.newDisk({ name: 'INT', sizeMb: 96 });
    await guest.plug(disk);
    const device = await guest.deviceOf(disk);
    await guest.shell(`mkfs.ext4 -q -L PHOTOS ${device}`);
    const unasked = await extbackup('drive', 'prepare', device, '--label', 'BACKUP_1');
    expect(unasked.exitCode).toBe(2);
    expect(unasked.stderr).toMatch(/serial INT.*usb[^]*ext4 "PHOTOS"[^]*ALL OF THIS WILL BE ERASED/);
    expect(await guest.ask(`blkid -s LABEL -o value ${device}`)).toBe('PHOTOS');

    for (const name of ['INT', 'KILL']) {
      await guest.shell(`extbackup drive prepare ${device} --label BACKUP_1 --yes >/run/prepare.log 2>&1 & while ! grep -q Making /run/prepare.log; do sleep 0.05; done; kill -${name} $!; wait $! || true`);
      expect(await guest.ask('extbackup drive list')).toContain('No disk is enrolled');
      if (name === 'INT') await nothingIsOpen();
    }
    await guest.shell('extbackup release');
    const again = await extbackup('drive', 'prepare', device, '--label', 'BACKUP_1', '--yes');
    expect(again.stderr + String(again.exitCode)).toMatch(/was cut off before its end[^]*0$/);
    await nothingIsOpen();
    expect(await guest.ask('extbackup drive list')).toMatch(/BACKUP_1 +yes +20\d\d-\d\d-\d\d +never/);
  });

  it('refuses a disk that is too small or has a bad block, and tells of one that fails meanwhile', async () => {
    const { guest } = lab;
    const cases: readonly (readonly [name: string, sizeMb: number, fault: Fault | undefined, options: readonly string[], exitCode: number, words: string])[] = [
      ['SMALL', 48, undefined, [], 10, 'is too small: it has 48 MiB'],
      ['BAD', 96, { on: 'read', sector: 100_000 }, ['--check'], 10, 'has a bad block, at 48 MiB'],
      ['FAILS', 96, { on: 'write' }, [], 13, 'reported errors or went away while BACKUP_1 was prepared'],
    ];
    for (const [name, sizeMb, fault, options, exitCode, words] of cases) {
      const disk = await lab.newDisk({ name, sizeMb });
      await guest.plug(disk, fault);
      expect(await extbackup('drive', 'prepare', await guest.deviceOf(disk), '--label', 'BACKUP_1', '--yes', ...options)).toMatchObject({ exitCode, stderr: expect.stringContaining(words) as string });
    }
    await nothingIsOpen();
  });

  it('leaves nothing open when the disk is pulled out meanwhile', async () => {
    const { guest } = lab;
    const disk = await lab.newDisk({ name: 'GOES', sizeMb: 600 });
    await guest.plug(disk);
    const device = await guest.deviceOf(disk);
    const preparing = extbackup('drive', 'prepare', device, '--label', 'BACKUP_1', '--yes');
    await guest.waitFor('the new file system', 'test -e /dev/mapper/extbackup-BACKUP_1', 120_000);
    await guest.yank(disk);
    const { exitCode, stderr } = await preparing;
    expect(stderr).toMatch(/went away|could not be prepared/);
    expect([10, 13]).toContain(exitCode);
    await nothingIsOpen();
    expect(await guest.ask('extbackup drive list')).toContain('No disk is enrolled');
  });
});

describe('drive adopt', () => {
  it('takes a LUKS1 disk made by hand, without a partition, as it is, and backs up to it', async () => {
    const { guest } = lab;
    const disk = await lab.newDisk({ name: 'OLD', sizeMb: 96 });
    await guest.plug(disk);
    const device = await guest.deviceOf(disk);
    await guest.shell(`
      cryptsetup luksFormat --type luks1 --pbkdf-force-iterations 1000 --batch-mode --key-file /mnt/ramfs/luks_pw ${device}
      cryptsetup open --key-file /mnt/ramfs/luks_pw ${device} byhand
      mkfs.ext4 -q /dev/mapper/byhand && mount /dev/mapper/byhand /mnt
      echo BACKUP_9 > /mnt/LABEL && touch -d 2026-01-02T03:04:05Z /mnt/LABEL && mkdir -p /mnt/backup/docs && echo kept > /mnt/backup/docs/a
      umount /mnt && cryptsetup close byhand && udevadm settle`);
    const { stdout } = await guest.run(['extbackup', 'drive', 'adopt', device, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ label: 'BACKUP_9', lastSuccess: '2026-01-02T03:04:05.000Z', state: 'active' });
    await nothingIsOpen();
    expect(await extbackup('run', '--drive', 'BACKUP_9')).toMatchObject({ exitCode: 0 });
    expect(await guest.ask('extbackup restore BACKUP_9 docs/a --to /dev/shm >/dev/null && cat /dev/shm/a')).toBe('one');
  });
});

describe('a disk with a backup', () => {
  let original: UsbDisk;
  let copies = 0;

  beforeAll(async () => {
    const { guest } = lab;
    original = await lab.newDisk({ name: 'WD1', sizeMb: 96 });
    await prepareDisk(guest, original, 'BACKUP_1');
    await guest.unplug(original);
    await guest.waitFor('the agent to see it go', `! grep -q '"present":true' /run/extbackup/status.json`);
    await guest.snapshot('with a disk in the drawer');
  });

  /** Plugs in the same disk, as it was when it was new, and waits for its run. */
  const backedUp = async (): Promise<UsbDisk> => {
    await lab.guest.restore('with a disk in the drawer');
    const disk = await original.clone(`WD1C${String((copies += 1))}`);
    await lab.guest.plug(disk);
    await waitForState(lab, 'BACKUP_1', ['safe-to-unplug']);
    return disk;
  };

  it('can be looked into; meanwhile no run starts, and it says who to ask', async () => {
    const { guest } = lab;
    await backedUp();
    expect((await guest.run(['mount-extbackup'])).stdout).toContain('read-only');
    expect(await guest.ask('cat /mnt/plaintext/backups/docs/a')).toBe('one');
    expect(await guest.isTrue('touch /mnt/plaintext/x')).toBe(false);
    const run = await extbackup('run', '--drive', 'BACKUP_1');
    expect(run.exitCode).toBe(11);
    expect(run.stderr).toContain('root has disk BACKUP_1 open');
    await guest.shell('sleep 600 </mnt/plaintext/LABEL >/dev/null 2>&1 & echo $! > /run/holder');
    expect(await extbackup('umount')).toMatchObject({ exitCode: 20, stderr: expect.stringContaining('sleep (') as string });
    await guest.shell('kill "$(cat /run/holder)"');
    expect((await guest.run(['umount-extbackup'])).stdout).toContain('Safe to unplug');
    await nothingIsOpen();
  });

  it('is reminded of and closed by itself when it is forgotten, after the time that is set', async () => {
    const { guest } = lab;
    await backedUp();
    await guest.shell('printf "mount: {closeAfter: 24s, remindBefore: 20s}\n" >> /etc/extbackup/config.yaml');
    await guest.run(['extbackup', 'mount']);
    await guest.waitFor('the reminder', async () => (await eventsOf(lab, 'warning:raised')).some(({ reason }) => String(reason).includes('root has had disk BACKUP_1 open')));
    await guest.waitFor('the timer to close it', '! test -e /dev/mapper/extbackup-BACKUP_1 && ! test -e /run/extbackup/look.json', 120_000);
    await guest.waitFor('the timer to go', '! systemctl is-active --quiet extbackup-forgotten-look.timer');
    await nothingIsOpen();
  });

  it('is read by somebody who has nothing but the printed sheet, the password and the stock tools', async () => {
    const { guest } = lab;
    await backedUp();
    const sheet = await guest.ask('extbackup recovery-sheet --with-salt 2>/dev/null');
    const commands = sheet.split('\n').filter((line) => line.startsWith('    ')).map((line) => line.slice(4)).join('\n');
    await guest.write('/root/typed', commands);
    await guest.shell('systemctl stop extbackup; extbackup lock; dpkg --purge --force-all extbackup; rm -rf /etc/extbackup /var/lib/extbackup', { okCodes: 'any' });
    await guest.run(['setsid', '--wait', 'sh', '-eux', '/root/typed'], { input: `${password}\n`, timeoutMs: 300_000 });
    expect(await guest.ask('cat /srv/restored/docs/a /srv/restored/docs/b')).toBe('one\ntwo');
    await nothingIsOpen();
    expect(await guest.isTrue('test -e /mnt/recovery-key/key')).toBe(false);
  });

  it('is verified: a flipped byte is found, named on the disk only, and repaired by the next run', async () => {
    const { guest } = lab;
    await backedUp();
    expect(await extbackup('verify', 'BACKUP_1')).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('The mirror was read to its end') as string }); // the run has begun with it
    await guest.shell(`
      extbackup mount --read-write; cd /mnt/plaintext/backups/docs
      touch -r a /run/times; printf X | dd of=a conv=notrunc status=none; touch -r /run/times a
      cd /; extbackup umount`);
    const found = await extbackup('verify', 'BACKUP_1', '--repair');
    expect(found.exitCode).toBe(13);
    expect(found.stderr).toContain('1 file on disk BACKUP_1 is damaged');
    expect(found.stdout + found.stderr).not.toContain('docs/a');
    expect(await guest.ask('extbackup mount >/dev/null; cat /mnt/plaintext/.extbackup/damaged-files.txt; extbackup umount >/dev/null')).toMatch(/ {2}docs\/a$/m);
    await guest.run(['extbackup', 'run', '--drive', 'BACKUP_1'], { timeoutMs: 300_000 });
    expect(await guest.ask('extbackup mount >/dev/null; cat /mnt/plaintext/backups/docs/a; ls /mnt/plaintext/.extbackup; extbackup umount >/dev/null')).toMatch(/^one\n(?![^]*damaged)/);
    expect(await extbackup('verify', 'BACKUP_1')).toMatchObject({ exitCode: 0 });
  });
});
