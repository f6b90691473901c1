import { beforeAll, describe, expect, it } from 'vitest';
import { prepareDisk } from '../station.ts';
import { addSettings, eventsOf, waitForState, waitUntilGone } from '../stories/operator.ts';
import { atTerminal, giveTerminal } from '../stories/person.ts';
import type { Fault, UsbDisk } from '../usb-disk.ts';
import { useDriveCommands } from '../stories/drive-commands.ts';

/** Rare commands for disks: interrupted ones, and those for bad, forgotten and lost disks. */
const { lab, extbackup, nothingIsOpen } = useDriveCommands();

describe('drive prepare', () => {
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

    for (const [name, step] of [
      ['INT', 'Making'],
      ['KILL', 'Partitioning'],
      ['KILL', 'Encrypting'],
      ['KILL', 'Making'],
    ] as const) {
      await guest.shell(
        `extbackup drive prepare ${device} --label BACKUP_1 --yes >/run/prepare.log 2>&1 & while ! grep -q ${step} /run/prepare.log; do sleep 0.05; done; kill -${name} $!; wait $! || true`,
      );
      expect(await guest.ask('extbackup drive list')).toContain('No disk is enrolled');
      if (name === 'INT') await nothingIsOpen();
    }
    await giveTerminal(guest);
    const prepare = [
      'extbackup',
      'drive',
      'prepare',
      device,
      '--label',
      'BACKUP_1',
      '--header-backup',
      '/root/header',
    ] as const;
    const refused = await guest.run(['python3', '/root/at-a-terminal.py', ...prepare], {
      input: JSON.stringify([['type the new label (BACKUP_1):', 'BACKUP_2\r']]),
      okCodes: [130],
      timeoutMs: 200_000,
    });
    expect(refused.stdout).toMatch(
      /preparation of BACKUP_1 on .* was interrupted[^]*left open as extbackup-BACKUP_1[^]*closed now[^]*The label does not match. Nothing was changed/,
    );
    expect(await atTerminal(guest, prepare, ['type the new label (BACKUP_1):', 'BACKUP_1\r'])).toMatch(
      /header is on this machine's own disk[^]*BACKUP_1 is prepared, enrolled and closed/,
    );
    expect(await guest.ask('cryptsetup luksUUID /root/header; ls /var/lib/extbackup | grep preparing || true')).toBe(
      await guest.ask(`cryptsetup luksUUID ${device}1`),
    );
    await nothingIsOpen();
    expect(await guest.ask('extbackup drive list')).toMatch(/BACKUP_1 +yes +20\d\d-\d\d-\d\d +never/);
  });

  it('refuses a disk that is too small or has a bad block, and tells of one that fails meanwhile', async () => {
    const { guest } = lab;
    const cases: readonly (readonly [
      name: string,
      sizeMb: number,
      fault: Fault | undefined,
      options: readonly string[],
      exitCode: number,
      words: string,
    ])[] = [
      ['SMALL', 48, undefined, [], 10, 'is too small: it has 48 MiB'],
      ['BAD', 96, { on: 'read', sector: 100_000 }, ['--check'], 10, 'has a bad block, at 48 MiB'],
      ['FAILS', 96, { on: 'write' }, [], 13, 'reported errors or went away while BACKUP_1 was prepared'],
    ];
    for (const [name, sizeMb, fault, options, exitCode, words] of cases) {
      const disk = await lab.newDisk({ name, sizeMb });
      await guest.plug(disk, fault);
      expect(
        await extbackup('drive', 'prepare', await guest.deviceOf(disk), '--label', 'BACKUP_1', '--yes', ...options),
      ).toMatchObject({ exitCode, stderr: expect.stringContaining(words) as string });
    }
    await nothingIsOpen();
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
    await waitUntilGone(lab);
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

  it('is reminded of and closed by itself when it is forgotten, after the time that is set', async () => {
    const { guest } = lab;
    await backedUp();
    await addSettings(lab, 'mount: {closeAfter: 24s, remindBefore: 20s}');
    await guest.run(['extbackup', 'mount']);
    await guest.waitFor('the reminder', async () =>
      (await eventsOf(lab, 'warning:raised')).some(({ reason }) =>
        String(reason).includes('root has had disk BACKUP_1 open'),
      ),
    );
    await guest.waitFor(
      'the timer to close it',
      '! test -e /dev/mapper/extbackup-BACKUP_1 && ! test -e /run/extbackup/opened-by-person.json',
      120_000,
    );
    await guest.waitFor('the timer to go', '! systemctl is-active --quiet extbackup-forgotten-umount.timer');
    await nothingIsOpen();
  });

  it('is opened by nobody while it is noted as lost, and is enrolled again after it was forgotten, with what it holds', async () => {
    const { guest } = lab;
    const device = await guest.deviceOf(await backedUp());
    const lost = await guest.run(['extbackup', 'drive', 'lost', 'BACKUP_1']);
    expect(lost.stdout).toMatch(
      /The disk is encrypted[^]*extbackup key change[^]*extbackup drive lost BACKUP_1 --undo/,
    );
    expect((await waitForState(lab, 'BACKUP_1', ['failed'])).message).toContain('noted as lost');
    for (const command of ['run', 'mount'])
      expect(await extbackup(command, ...(command === 'run' ? ['--drive'] : []), 'BACKUP_1')).toMatchObject({
        exitCode: 10,
        stderr: expect.stringContaining('--undo') as string,
      });
    await guest.run(['extbackup', 'drive', 'forget', 'BACKUP_1', '--yes']);
    const { stdout } = await guest.run(['extbackup', 'drive', 'adopt', `${device}1`, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      label: 'BACKUP_1',
      state: 'active',
      generation: 1,
      lastSuccess: expect.stringMatching(/^20/) as string,
    });
    expect((await waitForState(lab, 'BACKUP_1', ['idle'])).message).toContain('Just enrolled');
    await nothingIsOpen();
  });
});
