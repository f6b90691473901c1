import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLab, type Lab } from '../lab.ts';
import { differences, makeSourceTree, manifestOf } from '../source-tree.ts';
import { builtPackage, installPackage, password, prepareDisk, setUpServer } from '../station.ts';
import { assertClosed, driveNow, eventsOf, lookInside, waitForState, waitUntilGone } from '../stories/operator.ts';
import type { UsbDisk } from '../usb-disk.ts';

/** The arm64 package on a small board: 1 GB of memory, and no hardware clock. Told in the order of the demo. */
let lab: Lab;
let disk: UsbDisk;
/** A disk that was made by hand, on another machine. */
let byHand: UsbDisk;
/** The time of LABEL after the first run, by the right clock; in seconds. */
let stamped: number;

const begin = performance.now();
const say = (text: string): void => {
  console.log(`[${((performance.now() - begin) / 1000).toFixed(0).padStart(4)} s] ${text}`);
};
const slow = { timeoutMs: 600_000 };

beforeAll(async () => {
  lab = await openLab(undefined, { architecture: 'arm64' });
  disk = await lab.newDisk({ name: 'WD1', sizeMb: 300 });
  byHand = await lab.newDisk({ name: 'WD2', sizeMb: 200 });
  say('the board has started');
});
afterAll(() => lab.close());

async function takeOut(which = disk): Promise<void> {
  await lab.guest.unplug(which);
  await waitUntilGone(lab);
}
async function backUp(which: UsbDisk, label: string): Promise<void> {
  await lab.guest.plug(which);
  await waitForState(lab, label, ['safe-to-unplug'], slow.timeoutMs);
  say(`${label} is safe to unplug`);
  await assertClosed(lab);
}
const labelTime = (): Promise<number> =>
  lookInside(lab, disk, async (top) => Number(await lab.guest.ask(`stat -c %Y ${top}/LABEL`)));
const clock = async (): Promise<number> => Number(await lab.guest.ask('date +%s'));
/** Warnings since the installation: the order of the journal means nothing, because the clock goes back. */
const warningsWith = async (words: string): Promise<unknown[]> =>
  (await eventsOf(lab, 'run:warned', 'warning:raised')).filter(({ reason }) => String(reason).includes(words));
/** What `extbackup doctor` says about one thing. */
async function finding(name: string): Promise<string> {
  const { stdout } = await lab.guest.run(['extbackup', 'doctor', '--json'], { okCodes: [0, 2, 3], ...slow });
  const findings = JSON.parse(stdout) as { name: string; verdict: string; happened: string }[];
  const { verdict, happened } = findings.find((one) => one.name === name) ?? { verdict: 'none', happened: '' };
  return `${verdict}: ${happened}`;
}
/** The mirror on the disk, compared with the server by an independent reader. */
async function expectExactMirror(): Promise<void> {
  const source = await manifestOf(lab.server, '/backups');
  const mirror = await lookInside(lab, disk, (top) => manifestOf(lab.guest, `${top}/backups`));
  expect(source.length).toBeGreaterThan(100);
  expect(differences(source, mirror)).toEqual([]);
}
/** The power fails, and the board starts with the time that it noted last, or with none. */
async function startAgain(noted: 'noted' | 'nothing noted'): Promise<void> {
  const { guest } = lab;
  await guest.shell(noted === 'noted' ? 'fake-hwclock save; sync' : 'rm /etc/fake-hwclock.data; sync');
  await guest.powerCut();
  await guest.boot({ clock: 'own' });
  say('started again');
  await guest.waitFor('the agent', 'systemctl is-active extbackup');
  await guest.run(['extbackup', 'unlock', '--password-stdin'], { input: `${password}\n`, ...slow });
  say('unlocked');
}

describe('the package for arm64', () => {
  it('is installed, and its agent runs', async () => {
    const { guest } = lab;
    expect(await guest.ask('uname -m; dpkg --print-architecture; free -m | awk "/^Mem/{print \\$2 < 1024}"')).toBe(
      'aarch64\narm64\n1',
    );
    await installPackage(guest, await builtPackage('arm64'));
    expect(await guest.ask("dpkg-query -W -f '${Architecture} ${db:Status-Status}' extbackup")).toBe('arm64 installed');
    await guest.waitFor('the agent', 'systemctl is-active extbackup');
    say('the package is installed');
  });

  it('takes little of the memory for the keys', async () => {
    const { guest, server } = lab;
    const setup = 'extbackup setup --source extbackup@backup --trust-host-key --password-stdin --yes';
    await guest.shell(setup, { input: `${password}\n`, ...slow });
    expect(await guest.ask('grep -o "N: [0-9]*" /etc/extbackup/config.yaml')).toBe('N: 131072'); // 128 MiB
    await makeSourceTree(server, '/backups', { smallFiles: 200, bulkMb: 5 });
    await setUpServer(guest, server);
    await prepareDisk(guest, disk, 'BACKUP_1');
    const [, kib] = /Memory: +(\d+)/.exec(await guest.ask(`cryptsetup luksDump ${disk.path}-part1`)) ?? [];
    expect(Number(kib)).toBeGreaterThan(0);
    expect(Number(kib)).toBeLessThanOrEqual(256 * 1024);
    await takeOut();
    say('station, server and disk are set up');
  });
});

describe('a plugged disk', () => {
  it('is copied, closed and safe to unplug, without any command', async () => {
    await backUp(disk, 'BACKUP_1');
    await expectExactMirror();
    expect(await eventsOf(lab, 'run:succeeded')).toHaveLength(1);
    expect(await eventsOf(lab, 'run:failed')).toEqual([]);
    stamped = await labelTime();
    expect(Math.abs(stamped - Date.now() / 1000)).toBeLessThan(3_600);
  });

  it('was seen by the binary of the usb library, and rsync ran in its box', async () => {
    const attached = await eventsOf(lab, 'drive:attached');
    expect(attached.map(({ source }) => source)).toContain('usb');
    expect(await finding('rsync-confined')).toMatch(/^ok/);
    await takeOut();
  });

  it('can be one made by hand, whose keyslot takes 400 MB', async () => {
    const { guest } = lab;
    await guest.plug(byHand);
    const device = await guest.deviceOf(byHand);
    const kdf = '--pbkdf argon2id --pbkdf-memory 400000 --pbkdf-parallel 4 --pbkdf-force-iterations 4';
    await guest.shell(
      `cryptsetup luksFormat --type luks2 ${kdf} --batch-mode --key-file /mnt/ramfs/luks_pw ${device}
      cryptsetup open --key-file /mnt/ramfs/luks_pw ${device} byhand
      mkfs.ext4 -q /dev/mapper/byhand
      cryptsetup close byhand
      udevadm settle`,
      slow,
    );
    await guest.run(['extbackup', 'drive', 'adopt', device, '--label', 'BACKUP_2'], slow);
    await takeOut(byHand);
    await backUp(byHand, 'BACKUP_2');
    await takeOut(byHand);
  });
});

describe('after a power cut', () => {
  it('the board goes on with the time that it noted, and the disk is backed up', async () => {
    await startAgain('noted');
    const now = await clock();
    expect(now).toBeGreaterThan(stamped); // not 2020
    expect(now).toBeLessThanOrEqual(Date.now() / 1000);
    await lab.server.shell('echo more > /backups/new-file');
    await backUp(disk, 'BACKUP_1');
    await expectExactMirror();
    expect(await labelTime()).toBeGreaterThanOrEqual(now);
    stamped = await labelTime();
    expect(await warningsWith('jumped')).toEqual([]);
    expect(await finding('clock')).toMatch(/^warn: .*not synchronised/);
    await takeOut();
  });

  it('with a clock of years ago, the operator is told, and LABEL is not set back', async () => {
    const toldBefore = (await warningsWith('not synchronised')).length;
    await startAgain('nothing noted');
    expect(await clock()).toBeLessThan(stamped - 2 * 86_400);
    await lab.server.shell('echo yet more > /backups/newer-file');
    await backUp(disk, 'BACKUP_1');
    await expectExactMirror();
    expect(await warningsWith('jumped back')).toHaveLength(1);
    expect((await warningsWith('not synchronised')).length).toBeGreaterThan(toldBefore);
    expect(await finding('clock')).toMatch(/^warn: .*behind/);
    expect(await labelTime()).toBeGreaterThanOrEqual(stamped);
    expect(await eventsOf(lab, 'history:pruned')).toEqual([]);
    await takeOut();
  });

  it('the next run has the right time, after the clock was set', async () => {
    const now = Math.floor(Date.now() / 1000);
    await lab.guest.run(['date', '-s', `@${String(now)}`]);
    await backUp(disk, 'BACKUP_1');
    const { lastSuccess } = await driveNow(lab, 'BACKUP_1');
    for (const time of [await labelTime(), Date.parse(lastSuccess ?? '') / 1000]) {
      expect(time).toBeGreaterThanOrEqual(now);
      expect(time).toBeLessThanOrEqual(await clock());
    }
    await expectExactMirror();
  });

  it('memory was never short', async () => {
    expect(await lab.guest.ask('journalctl _TRANSPORT=kernel --no-pager | grep -ci "out of memory" || true')).toBe('0');
    say(`peak of the agent: ${await lab.guest.ask('systemctl show -p MemoryPeak --value extbackup')} bytes`);
  });
});
