import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { addSettings, assertClosed, driveNow, eventsOf, takeOut, waitForState } from '../stories/operator.ts';
import { useStation } from '../stories/use-station.ts';

/** A disk that is safe is quiet: spun down, woken, powered off. Seen by the kernel's state and by what QEMU's disk is told. */
const lab = useStation('BACKUP_1');
const qemuLog = join(tmpdir(), `extbackup-scsi-${String(process.pid)}.log`);

/** The commands START STOP UNIT that the disks got so far, and the last one before each that wrote a cache. */
async function startStops(): Promise<string[]> {
  const lines = (await readFile(qemuLog, 'utf8')).split('\n');
  return lines.flatMap((line) => {
    const data = /Command: lun=\d+ tag=\S+ data=((?: ?0x[0-9a-f]{2})+)/.exec(line)?.[1]?.trim().split(' ') ?? [];
    if (data[0] === '0x35') return ['flush'];
    return data[0] === '0x1b' ? [data[4] === '0x00' ? 'stop' : 'start'] : [];
  });
}

const sleeping = async (): Promise<string> =>
  lab.guest.ask(`cat /sys/block/$(basename "$(readlink -f ${lab.disk.path})")/device/power/runtime_status`);
const releaseAfter = (how: string): Promise<unknown> =>
  lab.guest.run(['extbackup', 'config', 'set', 'release.after', how]);
const lastEvents = async (count: number): Promise<unknown[]> =>
  (await eventsOf(lab)).map(({ event }) => event).slice(-count);

beforeAll(async () => {
  const { guest, server } = lab;
  await releaseAfter('park');
  await server.shell('mkdir -p /backups; cd /backups; for i in $(seq 20); do echo "letter $i" > $i.txt; done');
  await guest.control('human-monitor-command', { 'command-line': `logfile ${qemuLog}` });
  await guest.control('human-monitor-command', { 'command-line': 'log trace:scsi_disk_new_request' });
});

it('the disk of a run has written its cache and is at rest before it is called safe', async () => {
  await lab.guest.plug(lab.disk);
  const { state } = await waitForState(lab, 'BACKUP_1', ['safe-to-unplug', 'failed']);
  expect(state).toBe('safe-to-unplug');
  expect(await driveNow(lab, 'BACKUP_1')).toMatchObject({ present: true, state: 'safe-to-unplug', parked: true });
  expect(await sleeping()).toBe('suspended');
  expect((await startStops()).slice(-2)).toEqual(['flush', 'stop']);
  const told = await lastEvents(12);
  expect(told.indexOf('drive:parked')).toBeGreaterThan(told.indexOf('luks:closed'));
  expect(told.indexOf('drive:safe-to-unplug')).toBeGreaterThan(told.indexOf('drive:parked'));
  await assertClosed(lab);
});

it('looking at the station does not wake it', async () => {
  const { guest } = lab;
  await guest.shell('extbackup status; extbackup drive list; extbackup doctor; lsblk --fs; extbackup release', {
    okCodes: 'any',
  });
  expect(await guest.ask('extbackup status')).toMatch(/BACKUP_1 +safe to unplug, parked/);
  expect(await sleeping()).toBe('suspended');
});

it('a run wakes it, and it is parked again', async () => {
  const before = (await startStops()).length;
  const { stdout, exitCode } = await lab.guest.run(['extbackup', 'run'], { okCodes: 'any', timeoutMs: 300_000 });
  expect({ exitCode, stdout }).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('safe to unplug') as string,
  });
  const since = (await startStops()).slice(before).filter((command) => command !== 'flush');
  expect(since).toEqual(['start', 'stop']);
  expect(await sleeping()).toBe('suspended');
});

it('a person wakes it, and while it is open it is neither parked nor called safe', async () => {
  const { guest } = lab;
  await guest.run(['extbackup', 'mount', 'BACKUP_1', '--read-only'], { timeoutMs: 240_000 });
  expect(await driveNow(lab, 'BACKUP_1')).toMatchObject({ state: 'open' });
  expect(await guest.ask('extbackup status')).not.toContain('parked');
  expect(await sleeping()).toBe('active');
  await guest.run(['extbackup', 'umount'], { timeoutMs: 240_000 });
  await takeOut(lab, lab.disk);
});

it('the LUKS disk of somebody else is left as it is', async () => {
  const { guest } = lab;
  const foreign = await lab.newDisk({ name: 'FOREIGN', sizeMb: 64 });
  await guest.plug(foreign);
  const device = await guest.deviceOf(foreign);
  await guest.shell(
    `printf secret | cryptsetup luksFormat -q --pbkdf pbkdf2 --pbkdf-force-iterations 1000 ${device} -; udevadm settle`,
  );
  await guest.waitFor('the refusal', async () => (await eventsOf(lab, 'drive:ignored')).length > 0);
  const power = `/sys/block/${device.slice(5)}/device/power`;
  expect(await guest.ask(`cat ${power}/control ${power}/runtime_status`)).toBe('on\nactive');
  await guest.unplug(foreign);
});

it('a powered-off disk leaves the bus, is called safe, and comes back by a new plug-in', async () => {
  const { guest } = lab;
  await releaseAfter('power-off');
  const before = (await startStops()).length;
  await guest.plug(lab.disk);
  await waitForState(lab, 'BACKUP_1', ['safe-to-unplug']);
  await guest.waitFor('the disk to leave the bus', `! test -e ${lab.disk.path}`);
  expect(await driveNow(lab, 'BACKUP_1')).toMatchObject({
    ...{ present: false, state: 'safe-to-unplug', parked: true, poweredOff: true },
    message: 'It is powered off. To use it again, plug it in anew.',
  });
  expect(await guest.ask('extbackup status')).toMatch(/BACKUP_1 +safe to unplug, powered off/);
  expect(await guest.ask('extbackup console --once')).toContain('BACKUP_1: SAFE TO UNPLUG');
  expect((await startStops()).slice(before)).toContain('stop');
  expect((await startStops()).slice((await startStops()).lastIndexOf('stop'))).not.toContain('start');
  expect(await eventsOf(lab, 'drive:do-not-unplug')).toEqual([]);
  const runs = (await eventsOf(lab, 'run:succeeded')).length;
  await guest.unplug(lab.disk);
  await guest.plug(lab.disk);
  await guest.waitFor('the next run', async () => (await eventsOf(lab, 'run:succeeded')).length > runs, 300_000);
  await guest.unplug(lab.disk);
});

it('a keyboard shows by its lights what is going on, and is as before afterwards', async () => {
  const { guest } = lab;
  await releaseAfter('park');
  await guest.shell('modprobe evdev; modprobe pcspkr; udevadm settle'); // the image leaves evdev out
  await guest.control('device_add', { driver: 'usb-kbd', id: 'keyboard', bus: 'xhci.0', port: '4' });
  // The disks begin with port 1. The machine has a keyboard on its board, too.
  const lightOfUsb = 'find /sys/class/leds -name "input*::scrolllock" -printf "%p %l\\n" | grep /usb | cut -d " " -f 1';
  await guest.waitFor('the lights', `${lightOfUsb} | grep -q .`);
  const light = await guest.ask(lightOfUsb);
  const how = async (): Promise<string> => guest.ask(`cat ${light}/trigger ${light}/brightness`);
  const before = await how();
  await guest.run(['ln', '-sfn', light, '/run/light']);
  const tried = await guest.run(['extbackup', 'signal', 'test', '--json'], { okCodes: 'any', timeoutMs: 180_000 });
  expect(JSON.parse(tried.stdout)).toMatchObject({
    lights: expect.arrayContaining([expect.objectContaining({ name: light.slice(16), works: true })]) as unknown[],
    sounds: [{ name: 'speaker', works: true }],
  });
  expect(tried.exitCode).toBe(0);
  expect(await how()).toBe(before);

  await addSettings(lab, 'notify:\n  - {type: signal}');
  // Each change of the light, with the milliseconds since the one before.
  await guest.shell(`cat > /run/watch-light <<'END'
last=; while :; do
  read -r now < /run/light/brightness
  if [ "$now" != "$last" ]; then printf '%s %s\\n' "\${EPOCHREALTIME/./}" "$now"; last=$now; fi
  read -rt 0.03 -u 9 || true
done
END
    systemd-run --quiet --unit watch-light -p StandardOutput=truncate:/run/light-changes bash -c 'exec 9<> <(:); . /run/watch-light'`);
  const runs = (await eventsOf(lab, 'run:succeeded')).length;
  await guest.plug(lab.disk);
  await guest.waitFor('the run', async () => (await eventsOf(lab, 'run:succeeded')).length > runs, 300_000);
  await guest.waitFor(
    'the steady light',
    'systemctl is-active -q extbackup-signal@safe || systemctl show -p ActiveState extbackup-signal@safe | grep -q activating',
    60_000,
  );
  await guest.waitFor('the light', 'sleep 3; read -r now < /run/light/brightness; [ "$now" = 1 ]', 60_000);
  const changes = (await guest.ask('cat /run/light-changes'))
    .split('\n')
    .map((line) => Number(line.split(' ')[0]) / 1000);
  const pauses = changes.slice(1).map((at, index) => at - (changes[index] ?? 0));
  expect(pauses.filter((ms) => ms > 700 && ms < 1_600).length, pauses.join()).toBeGreaterThan(1); // working: a second each
  await takeOut(lab, lab.disk);
  await guest.waitFor(
    'the light to be as before',
    `[ "$(cat ${light}/trigger ${light}/brightness)" = '${before}' ]`,
    60_000,
  );
  await guest.shell("systemctl stop watch-light; sed -i '/^notify:/,$d' /etc/extbackup/config.yaml");
});

it('where it cannot be parked, this is told once, the run is good, and the disk is safe', async () => {
  const { guest } = lab;
  await guest.shell('systemctl mask --runtime extbackup-park@.service');
  for (const tries of [1, 2]) {
    const runs = (await eventsOf(lab, 'run:succeeded')).length;
    await guest.plug(lab.disk);
    await guest.waitFor('the run', async () => (await eventsOf(lab, 'run:succeeded')).length > runs, 300_000);
    expect(await lastEvents(3)).toContain('drive:safe-to-unplug');
    expect((await eventsOf(lab, 'run:warned')).length, `try ${String(tries)}`).toBe(1);
    expect(await sleeping()).toBe('active');
    await takeOut(lab, lab.disk);
  }
});
