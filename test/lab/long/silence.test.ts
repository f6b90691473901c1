import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { UsbDisk } from '../usb-disk.ts';
import { addSettings, assertClosed, driveNow, eventsOf, waitForState } from '../stories/operator.ts';
import { useStation } from '../stories/use-station.ts';

/** Disks that come up without their LUKS volume, or not at all: each is told within 40 seconds, with its name. */
const lab = useStation('BACKUP_1');
const copies: Record<'sectors' | 'smaller' | 'windows' | 'wiped', UsbDisk | undefined> = {
  sectors: undefined,
  smaller: undefined,
  windows: undefined,
  wiped: undefined,
};
const longestMs = 40_000;

beforeAll(async () => {
  const { guest } = lab;
  await lab.server.shell('mkdir -p /backups/docs; echo one > /backups/docs/a');
  copies.sectors = await lab.disk.clone('SECTORS', { sectorBytes: 4096 });
  copies.smaller = await lab.disk.clone('SMALLER');
  await copies.smaller.cutTo(Math.floor(lab.disk.options.sizeMb / 2));
  copies.windows = await lab.disk.clone('WINDOWS');
  copies.wiped = await lab.disk.clone('WIPED');
  await guest.shell('systemctl stop extbackup');
  await guest.plug(copies.windows);
  await guest.shell(
    `printf 'label: gpt\\n32768,,EBD0A0A2-B9E5-4433-87C0-68B6B72699C7\\n' | sfdisk --quiet --wipe never ${await guest.deviceOf(copies.windows)}`,
  );
  await guest.unplug(copies.windows);
  await guest.plug(copies.wiped);
  await guest.shell(`dd if=/dev/zero of=${await guest.deviceOf(copies.wiped)} bs=1M count=40 conv=fsync status=none`);
  await guest.unplug(copies.wiped);
  await guest.shell('systemctl start extbackup');
  await guest.snapshot('copies in the drawer');
});
beforeEach(() => lab.guest.restore('copies in the drawer'));

const guestTime = async (): Promise<number> => Number(await lab.guest.ask('date +%s%3N'));

/** Plugs a disk in; returns the agent's report about it, and the milliseconds from the plug to the report. */
async function told(disk: UsbDisk | undefined): Promise<{ event: Record<string, unknown>; tookMs: number }> {
  if (disk === undefined) throw new Error('not prepared');
  const before = (await eventsOf(lab, 'drive:ignored')).length;
  const at = await guestTime();
  await lab.guest.plug(disk);
  await lab.guest.waitFor('the report', async () => (await eventsOf(lab, 'drive:ignored')).length > before, 90_000);
  const event = (await eventsOf(lab, 'drive:ignored')).at(-1) ?? {};
  return { event, tookMs: Date.parse(String(event['time'])) - at };
}

describe('a disk without its LUKS volume is told within 40 seconds, named, and without advice that loses data', () => {
  it.each([
    ['sectors', /^Disk BACKUP_1 came up .*shows sectors of 4096 bytes, .* written with sectors of 512 bytes/],
    ['smaller', /^Disk BACKUP_1 came up .*it is smaller than when it was written/],
    ['windows', /^Disk BACKUP_1 came up .*Microsoft basic data.*its LUKS header is still there/],
    ['wiped', /^A disk without a LUKS volume .*By its size it may be BACKUP_1, without its content/],
  ] as const)('%s', async (which, words) => {
    const { event, tookMs } = await told(copies[which]);
    expect(event).toMatchObject({ reason: 'no-luks', drive: 'BACKUP_1' });
    expect(event['happened']).toMatch(words);
    expect(event['todo']).toMatch(/^Write nothing to it and do not format it/);
    expect(event['todo']).not.toContain('prepare ');
    expect(tookMs).toBeLessThan(longestMs);
    expect(await lab.guest.ask('extbackup status')).toMatch(/Warning, .*BACKUP_1[^]*do not format it/);
    expect(await eventsOf(lab, 'run:started')).toHaveLength(0);
    await assertClosed(lab);
  });

  it('also if it was plugged in before the agent started, and once', async () => {
    const { guest } = lab;
    if (!copies.wiped) throw new Error('not prepared');
    await guest.shell('systemctl stop extbackup');
    await guest.plug(copies.wiped);
    await guest.deviceOf(copies.wiped);
    const reports = async (): Promise<unknown[]> =>
      (await eventsOf(lab, 'drive:ignored'))
        .filter(({ reason }) => reason === 'no-luks') // the disk that was just prepared is one, too
        .map(({ toldBefore }) => toldBefore ?? false);
    for (const expected of [[false], [false, true]]) {
      await guest.shell('systemctl restart extbackup');
      await guest.waitFor('the report', async () => (await reports()).length >= expected.length, 90_000);
      expect(await reports()).toEqual(expected);
    }
  });
});

it('a plugged disk is noticed at once, a blocked one is told, and a pause keeps a run back until it ends', async () => {
  const { guest } = lab;
  await guest.shell('for bus in /sys/bus/usb/devices/usb*; do echo 0 > $bus/authorized_default; done');
  const { event, tookMs } = await told(lab.disk);
  expect(event).toMatchObject({ reason: 'not-authorized', drive: 'BACKUP_1' });
  expect(tookMs).toBeLessThan(longestMs);
  const [noticed] = await eventsOf(lab, 'drive:attached');
  expect(noticed).toMatchObject({ source: 'usb', usbSerial: lab.disk.serial });
  expect(Date.parse(String(event['time'])) - Date.parse(String(noticed?.['time']))).toBeGreaterThan(10_000);

  const paused = JSON.parse(await guest.ask('extbackup pause --for 20m --json')) as { until: string };
  expect(Date.parse(paused.until) - (await guestTime())).toBeGreaterThan(15 * 60_000);
  await guest.shell(String(event['todo']).replace(/^.*allow it: ([^;]*) ;.*$/, '$1'));
  await guest.waitFor('the disk', async () => (await eventsOf(lab, 'drive:identified')).length > 0);
  await guest.shell('systemctl restart extbackup');
  await waitForState(lab, 'BACKUP_1', ['idle']);
  expect((await driveNow(lab, 'BACKUP_1')).message).toMatch(/^Paused by root until /);
  expect(await guest.ask('extbackup console --once')).toMatch(/PAUSED[^]*Paused until /);
  expect(await eventsOf(lab, 'run:started')).toHaveLength(0);
  expect(await guest.ask('extbackup pause --for 15s --json')).toContain('"until":"');
  await waitForState(lab, 'BACKUP_1', ['safe-to-unplug']); // it ended by itself
  expect(await guest.ask('extbackup resume --json')).toBe('{"version":1,"ended":false}');
  expect(await eventsOf(lab, 'pause:ended')).toHaveLength(1);
});

it('a disk that starts up is shown as noticed on the screen and in the status', async () => {
  const { guest } = lab;
  if (!copies.wiped) throw new Error('not prepared');
  await addSettings(lab, 'usb: {warnAfter: 60s}'); // time enough to look
  await guest.plug(copies.wiped);
  await guest.waitFor('the notice', 'grep -q \'"noticed":\\[{\' /run/extbackup/status.json', 20_000);
  const shown = await guest.ask('extbackup console --once; extbackup status');
  expect(shown).toMatch(/DISK NOTICED[^]*plugged in and is starting up/);
  await guest.waitFor('its end', 'grep -q \'"noticed":\\[\\]\' /run/extbackup/status.json', 120_000);
});
