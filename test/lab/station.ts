import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Architecture } from '../../debian/architecture.ts';
import type { BackupServer } from './backup-server.ts';
import type { Guest } from './guest.ts';
import type { Lab, Preparation } from './lab.ts';
import type { UsbDisk } from './usb-disk.ts';

/** The password of every station in the lab. */
export const password = 'correct horse battery staple';

const project = join(import.meta.dirname, '../..');

/** The package of the present version, from `npm run package`; for another processor with `--arch`. */
export async function builtPackage(architecture: Architecture = 'amd64'): Promise<string> {
  const { version } = JSON.parse(await readFile(join(project, 'package.json'), 'utf8')) as { version: string };
  return join(project, `out/extbackup_${version}_${architecture}.deb`);
}

/**
 * A station that is installed and set up, with the key loaded, and a server that lets it read `/backups`, which does
 * not exist yet. The rotation disks with these labels are enrolled, and lie in the drawer.
 */
export async function preparedStation(...labels: string[]): Promise<Preparation> {
  const deb = await builtPackage();
  const ingredients = [await readFile(deb), await readFile(import.meta.filename), labels.join()];
  const key = ingredients.reduce((hash, content) => hash.update(content), createHash('sha256')).digest('hex');
  const label = labels.at(-1);
  if (label === undefined) return { key, prepare: (lab) => installAndSetUp(lab, deb) };
  return {
    key,
    from: await preparedStation(...labels.slice(0, -1)),
    prepare: async (lab) => [...lab.drawer, await newRotationDisk(lab, label)],
  };
}

async function installAndSetUp({ guest, server }: Lab, deb: string): Promise<readonly UsbDisk[]> {
  await installPackage(guest, deb);
  await setUpStation(guest);
  await setUpServer(guest, server);
  // Most stories are about something else: on an emulated machine, the unit that parks a disk takes ten seconds.
  await guest.run(['extbackup', 'config', 'set', 'release.after', 'keep']);
  return [];
}

async function newRotationDisk(lab: Lab, label: string): Promise<UsbDisk> {
  const { guest } = lab;
  const disk = await lab.newDisk({ name: label.replace('_', ''), sizeMb: 200 });
  await prepareDisk(guest, disk, label);
  await guest.unplug(disk);
  await guest.waitFor('the agent to see it go', `! grep -q '"present":true' /run/extbackup/status.json`);
  return disk;
}

/** Installs a package. Its dependencies are in the guest already; nothing is downloaded. */
export async function installPackage(guest: Guest, debPath: string): Promise<void> {
  await guest.copyIn(debPath, '/root/package.deb');
  await guest.shell('DEBIAN_FRONTEND=noninteractive dpkg -i /root/package.deb; rm /root/package.deb', {
    timeoutMs: 600_000, // it waits for the start of the agent, which is slow on a busy host
  });
}

/** Runs `extbackup setup`. The key derivation gets little memory, because it is slow on an emulated processor. */
export async function setUpStation(guest: Guest): Promise<void> {
  const setup = 'extbackup setup --source extbackup@backup --trust-host-key --scrypt-memory 64M --password-stdin --yes';
  await guest.shell(setup, { input: `${password}\n`, timeoutMs: 600_000 });
}

/** Runs the script of `extbackup server-setup` on the server. */
export async function setUpServer(guest: Guest, server: BackupServer): Promise<void> {
  const { stdout: script } = await guest.run(['extbackup', 'server-setup']);
  await server.run(['sh'], { input: script });
}

/** Plugs in a new disk and makes it a rotation disk. The disk stays plugged in. */
export async function prepareDisk(guest: Guest, disk: UsbDisk, label: string): Promise<void> {
  await guest.plug(disk);
  await guest.run(['extbackup', 'drive', 'prepare', await guest.deviceOf(disk), '--label', label, '--yes'], {
    timeoutMs: 300_000,
  });
}
