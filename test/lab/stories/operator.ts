import type { Lab } from '../lab.ts';
import { rest } from '../guest.ts';
import { openLab } from '../lab.ts';
import { preparedStation } from '../station.ts';
import type { UsbDisk } from '../usb-disk.ts';

/** The part of `extbackup status --json` that stories use. */
export interface DriveNow {
  readonly label: string;
  readonly present: boolean;
  readonly state: string;
  readonly lastSuccess: string | null;
  readonly message: string | null;
}

/** The state of one disk in the status. */
export async function driveNow({ guest }: Lab, label: string): Promise<DriveNow> {
  const { drives } = JSON.parse(await guest.ask('extbackup status --json')) as { drives: DriveNow[] };
  const drive = drives.find((candidate) => candidate.label === label);
  if (!drive) throw new Error(`status does not know ${label}`);
  return drive;
}

/**
 * Waits until a disk is in one of these states. Reads the status file, because repeated starts of the program would
 * slow down the emulated machine.
 */
export async function waitForState(
  lab: Lab,
  label: string,
  states: readonly string[],
  timeoutMs = 480_000,
): Promise<DriveNow> {
  const file = '/run/extbackup/status.json';
  const wanted = `"label":"${label}","luksUuid":"[^"]*","present":[a-z]+,"state":"(${states.join('|')})"`;
  // With bash builtins only: the programs of a repeated question would take half of the processor.
  await lab.guest.waitThrough(
    `${label} to be ${states.join(' or ')}`,
    `wanted='${wanted}'
    while :; do
      status=; if [ -e ${file} ]; then read -r status < ${file} || true; fi
      if [[ $status =~ $wanted ]]; then printf '%s\\n' "$status" > /run/status-as-waited-for; break; fi
      ${rest}
    done`,
    timeoutMs,
  );
  const { drives } = JSON.parse(await lab.guest.ask('cat /run/status-as-waited-for')) as { drives: DriveNow[] };
  const found = drives.find((drive) => drive.label === label);
  if (found === undefined) throw new Error(`the status file does not know ${label}`);
  return found;
}

/** The events of the agent with one of these names, or all events. */
export async function eventsOf({ guest }: Lab, ...names: string[]): Promise<Record<string, unknown>[]> {
  const events = await guest.journal('extbackup');
  return names.length === 0 ? events : events.filter(({ event }) => names.includes(String(event)));
}

/** Unplugs a disk and waits until the agent has noticed. */
export async function takeOut(lab: Lab, disk: UsbDisk): Promise<void> {
  const before = (await eventsOf(lab, 'drive:removed')).length;
  await lab.guest.unplug(disk);
  await lab.guest.waitFor('the agent to see it go', async () => (await eventsOf(lab, 'drive:removed')).length > before);
}

/** Waits until the agent has noticed that no enrolled disk is plugged in. */
export async function waitUntilGone({ guest }: Lab): Promise<void> {
  await guest.waitFor('the agent to see it go', `! grep -q '"present":true' /run/extbackup/status.json`);
}

/** Adds lines to the settings of the station; the agent reads them before its next run. */
export async function addSettings({ guest }: Lab, yaml: string): Promise<void> {
  await guest.shell('cat >> /etc/extbackup/config.yaml', { input: `${yaml}\n` });
}

/** Puts a program on the station. */
export async function installProgram({ guest }: Lab, path: string, text: string): Promise<void> {
  await guest.write(path, text);
  await guest.run(['chmod', '755', path]);
}

/** Checks that no disk is open: no mapping, no mount in any process. */
export async function assertClosed({ guest }: Lab): Promise<void> {
  const open = await guest.ask(
    'cat /sys/class/block/dm-*/dm/name 2>/dev/null | grep ^extbackup- || true; grep -l " /mnt/plaintext " /proc/[0-9]*/mountinfo 2>/dev/null || true',
  );
  if (open !== '') throw new Error(`still open: ${open}`);
}

/** Opens a plugged, closed disk read-only, with only cryptsetup and mount. */
export async function lookInside<T>({ guest }: Lab, disk: UsbDisk, look: (top: string) => Promise<T>): Promise<T> {
  const device = await guest.deviceOf(disk);
  await guest.shell(
    `mkdir -p /root/look; cryptsetup open --readonly --key-file /mnt/ramfs/luks_pw ${device}1 look; mount -o ro,noload /dev/mapper/look /root/look`,
  );
  try {
    return await look('/root/look');
  } finally {
    await guest.shell('umount /root/look; cryptsetup close look');
  }
}

/** Changes the content of a plugged, closed disk, with only cryptsetup, mount and a shell script. */
export async function changeOnDisk({ guest }: Lab, disk: UsbDisk, script: (top: string) => string): Promise<void> {
  const device = await guest.deviceOf(disk);
  await guest.shell(`mkdir -p /root/look
    cryptsetup open --key-file /mnt/ramfs/luks_pw ${device}1 look; mount /dev/mapper/look /root/look
    ${script('/root/look')}
    umount /root/look; cryptsetup close look`);
}

/** A lab with a station that is set up, a server that serves /backups, and disks that are enrolled and lie in the drawer. */
export async function openStation(...labels: string[]): Promise<Lab & { readonly disks: readonly UsbDisk[] }> {
  const lab = await openLab(await preparedStation(...labels));
  return { ...lab, disks: lab.drawer };
}
