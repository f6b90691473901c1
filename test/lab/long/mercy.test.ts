import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Lab } from '../lab.ts';
import type { UsbDisk } from '../usb-disk.ts';
import { assertClosed, driveNow, eventsOf, lookInside, openStation, waitForState } from '../stories/operator.ts';

/** The day for which the disks exist: the server is emptied, encrypted or half gone, and somebody plugs a disk in. */
let lab: Lab;
let disk: UsbDisk;
let good: string;

const files = 2_000;
const fillServer = `mkdir -p /backups; cd /backups && for d in 0 1 2 3; do mkdir dir-$d; for i in $(seq ${String(files / 4)}); do echo "content $d $i" > dir-$d/file-$i; done; done`;

/** One line for each file: its checksum and name. */
const checksums = (directory: string): string => `cd ${directory} && find . -type f -print0 | sort -z | xargs -0 -r md5sum | md5sum`;
const onDisk = (directory = 'backups'): Promise<string> => lookInside(lab, disk, (top) => lab.guest.ask(checksums(`${top}/${directory}`)));
const run = (command: readonly string[]) => lab.guest.run(['extbackup', ...command], { okCodes: 'any', timeoutMs: 180_000 });

/** Plugs the disk in anew and waits for how that ends. */
async function plugAgain(states: readonly string[]): Promise<string> {
  await lab.guest.unplug(disk);
  await lab.guest.waitFor('the disk to be gone', 'grep -q \'"present":false\' /run/extbackup/status.json');
  await lab.guest.plug(disk);
  const { state, message } = await waitForState(lab, 'BACKUP_1', states);
  return `${state}: ${message ?? ''}`;
}

beforeAll(async () => {
  const station = await openStation('BACKUP_1');
  lab = station;
  [disk] = station.disks as [UsbDisk];
  await lab.server.shell(fillServer);
  await lab.guest.plug(disk);
  await waitForState(lab, 'BACKUP_1', ['safe-to-unplug']);
  await lab.server.shell('cp -a /backups /backups.good');
  good = await onDisk();
  expect(good).toBe(await lab.server.ask(checksums('/backups')));
});
afterAll(() => lab.close());

describe('a server whose files were', () => {
  beforeEach(async () => { await lab.server.shell('find /backups -mindepth 1 -delete; cp -a /backups.good/. /backups/'); });

  it('encrypted: the run is held early, says so, and is put back byte for byte', async () => {
    await lab.server.shell('cd /backups && for f in dir-[012]/*; do head -c 3000 /dev/urandom > $f; done');
    const stampedBefore = (await driveNow(lab, 'BACKUP_1')).lastSuccess;
    const told = await plugAgain(['held']);
    expect(told).toMatch(/^held: held: 7\d % of files changed \(1500\)/);
    expect(told).toContain('safe to unplug');
    await assertClosed(lab);
    expect((await driveNow(lab, 'BACKUP_1')).lastSuccess).toBe(stampedBefore);
    expect((await eventsOf(lab, 'run:held')).at(-1)).toMatchObject({ exitCode: 14, counts: { changed: 1500, deleted: 0 } });

    // Asked again, it touches nothing.
    const again = await run(['run', '--drive', 'BACKUP_1']);
    expect(again.exitCode).toBe(14);
    expect((await eventsOf(lab, 'luks:opened')).length).toBe(2);

    const shown = await run(['approve', 'BACKUP_1', '--show']);
    expect(shown.stdout).toMatch(/^ +500 +0 +0 {2}dir-2$/m);
    const journal = await lab.guest.ask('journalctl -u extbackup -o cat --no-pager; cat /run/extbackup/status.json /var/lib/extbackup/*');
    expect(journal).not.toContain('dir-2');

    expect((await run(['rollback', 'BACKUP_1', '--yes'])).exitCode).toBe(0);
    expect(await onDisk()).toBe(good);
    expect((await driveNow(lab, 'BACKUP_1')).state).not.toBe('held');
  });

  it('renamed to .locked: nothing is deleted, approval lets it go on, and rollback still undoes it', async () => {
    await lab.server.shell('cd /backups && for f in dir-?/*; do mv $f $f.locked; done');
    expect(await plugAgain(['held'])).toContain(`100 % of files deleted (${String(files)}), ${String(files)} new`);
    const approved = await run(['approve', 'BACKUP_1', '--reason', 'a test of the worst day']);
    expect(`${String(approved.exitCode)} ${approved.stderr}`).toMatch(/^0 /);
    expect(await onDisk()).toBe(await lab.server.ask(checksums('/backups')));
    const drives = await lab.guest.ask('cat /var/lib/extbackup/drives.json');
    expect(drives).toContain('a test of the worst day');
    expect((await run(['rollback', 'BACKUP_1', '--yes'])).exitCode).toBe(0);
    expect(await onDisk()).toBe(good);
  });

  it('half unmounted: nothing is lost', async () => {
    await lab.server.shell('cd /backups && rm -rf dir-0 dir-1');
    expect(await plugAgain(['held'])).toContain('of files deleted (1000)');
    expect(await onDisk()).toBe(good);
    expect((await run(['rollback', 'BACKUP_1', '--yes'])).stderr).toContain('has changed nothing');
  });
});

describe('a busy week', () => {
  it('passes without a question, and what it replaced can be read', async () => {
    await lab.server.shell('find /backups -mindepth 1 -delete; cp -a /backups.good/. /backups/; cd /backups && for i in $(seq 40); do echo edited > dir-1/file-$i; done; rm dir-2/file-?; cp -a dir-3 dir-new');
    const before = await lab.guest.ask('date -u +%Y-%m-%dT%H:%M:%SZ');
    await plugAgain(['safe-to-unplug']);
    expect(await onDisk()).toBe(await lab.server.ask(checksums('/backups')));
    expect((await run(['restore', 'BACKUP_1', '--at', before, '--to', '/run/restored'])).exitCode).toBe(0);
    expect(await lab.guest.ask(checksums('/run/restored'))).toBe(good);
  });
});
