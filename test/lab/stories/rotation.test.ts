import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeSourceTree } from '../source-tree.ts';
import { password } from '../station.ts';
import type { UsbDisk } from '../usb-disk.ts';
import { assertClosed, eventsOf, waitForState } from './operator.ts';
import { useStation } from './use-station.ts';

/** Disks that are plugged in at any time: two at once, before the key, without an agent, at boot. Each has one run. */
const lab = useStation('BACKUP_1', 'BACKUP_2');
let one: UsbDisk;
let two: UsbDisk;

beforeAll(async () => {
  [one, two] = lab.drawer as [UsbDisk, UsbDisk];
  await makeSourceTree(lab.server, '/backups', { smallFiles: 20 });
  await lab.guest.snapshot('two disks in the drawer');
});
beforeEach(() => lab.guest.restore('two disks in the drawer'));

const safe = (label: string) => waitForState(lab, label, ['safe-to-unplug']);
const runsOf = async (label: string): Promise<number> =>
  (await eventsOf(lab, 'run:started')).filter(({ drive }) => drive === label).length;

describe('two disks at once', () => {
  it('get a run each, one at a time', async () => {
    await lab.guest.plug(one);
    await lab.guest.plug(two);
    await safe('BACKUP_1');
    await safe('BACKUP_2');
    const steps = (await eventsOf(lab, 'run:started', 'run:succeeded')).map(({ event }) => event);
    expect(steps).toEqual(['run:started', 'run:succeeded', 'run:started', 'run:succeeded']);
    await assertClosed(lab);
  });
});

describe('a disk that is plugged in before the key is there', () => {
  it('waits visibly, and goes on by itself when the key appears', async () => {
    await lab.guest.run(['extbackup', 'lock']);
    await lab.guest.plug(one);
    const waiting = await waitForState(lab, 'BACKUP_1', ['waiting-for-key']);
    expect(waiting.message).toContain('extbackup unlock');
    expect(await runsOf('BACKUP_1')).toBe(0);
    const wrong = await lab.guest.run(['extbackup', 'unlock', '--password-stdin'], {
      input: 'not the password\n',
      okCodes: 'any',
    });
    expect(wrong.exitCode).toBe(12);
    await lab.guest.run(['extbackup', 'unlock', '--password-stdin'], { input: `${password}\n` });
    await safe('BACKUP_1');
    expect(await runsOf('BACKUP_1')).toBe(1);
  });
});

describe('a disk that is plugged in while the agent is stopped', () => {
  it('is served once when the agent is back, and not again when it restarts', async () => {
    await lab.guest.run(['systemctl', 'stop', 'extbackup']);
    await lab.guest.plug(one);
    await lab.guest.deviceOf(one);
    await lab.guest.run(['systemctl', 'start', 'extbackup']);
    await safe('BACKUP_1');
    await lab.guest.run(['systemctl', 'restart', 'extbackup']);
    await waitForState(lab, 'BACKUP_1', ['idle', 'safe-to-unplug']);
    expect(await runsOf('BACKUP_1')).toBe(1);
  });
});

describe('a disk that is plugged in at boot', () => {
  it('waits for the key and is then served once', async () => {
    await lab.guest.run(['systemctl', 'stop', 'extbackup']);
    await lab.guest.plug(one);
    await lab.guest.deviceOf(one);
    await lab.guest.reboot();
    await waitForState(lab, 'BACKUP_1', ['waiting-for-key']);
    await lab.guest.run(['extbackup', 'unlock', '--password-stdin'], { input: `${password}\n` });
    await safe('BACKUP_1');
    const thisBoot = await lab.guest.ask('journalctl -b -u extbackup -o cat | grep -c "\\"event\\":\\"run:started\\""');
    expect(thisBoot).toBe('1');
    await assertClosed(lab);
  });
});
