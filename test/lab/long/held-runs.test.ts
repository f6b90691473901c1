import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { assertClosed, driveNow, eventsOf, lookInside, waitForState, waitUntilGone } from '../stories/operator.ts';
import { useStation } from '../stories/use-station.ts';

/** The bad day: the server is emptied, encrypted or half gone, and then a disk is plugged in. */
const lab = useStation('BACKUP_1');
let good: string;

const files = 10_000;
const folders = 20;
const inEach = files / folders;
const patience = { timeoutMs: 900_000 };

/** A program on the server, in which `each(folders)` are paths of its files: thousands of processes would take minutes there. */
const onServer = (program: string) =>
  lab.server.run(
    [
      'python3',
      '-c',
      `
import os, shutil
os.chdir('/backups')
def each(folders): return [os.path.join(f'dir-{d}', name) for d in folders for name in sorted(os.listdir(f'dir-{d}'))]
def put(path, text):
    with open(path, 'wb') as file: file.write(text)
${program}`,
    ],
    patience,
  );

/** The checksum of all checksums and names. */
const checksums = (directory: string): string =>
  `cd ${directory} && find . -type f -print0 | sort -z | xargs -0 -r md5sum | md5sum`;
const serverNow = (): Promise<string> => lab.server.ask(checksums('/backups'), patience);
const onDisk = (directory = 'backups'): Promise<string> =>
  lookInside(lab, lab.disk, (top) => lab.guest.ask(checksums(`${top}/${directory}`), patience));

/** Runs extbackup. Returns its exit code and its whole output. */
async function extbackup(...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await lab.guest.run(['extbackup', ...args], { okCodes: 'any', ...patience });
  return `${String(exitCode)} ${stdout}${stderr}`;
}
const backUp = (): Promise<string> => extbackup('run', '--drive', 'BACKUP_1');

// Ten thousand files take minutes in an emulated machine.
vi.setConfig({ testTimeout: 1_800_000 });

beforeAll(async () => {
  await lab.server.shell('mkdir -p /backups');
  await onServer(`for d in range(${String(folders)}):
    os.mkdir(f'dir-{d}')
    for i in range(${String(inEach)}): put(f'dir-{d}/file-{i}', f'content {d} {i}\\n'.encode() * 9)`);
  await lab.guest.plug(lab.disk);
  await waitForState(lab, 'BACKUP_1', ['safe-to-unplug'], 600_000);
  await lab.server.shell('cp -a /backups /backups.good', patience);
  good = await onDisk();
  expect(good).toBe(await serverNow());
});

describe('a server whose files were', () => {
  beforeEach(async () => {
    await lab.server.shell('rsync -a --delete /backups.good/ /backups/', patience);
  });

  it('all gone: nothing happens to the copy, and the words say what to look at', async () => {
    await lab.server.shell('find /backups -mindepth 1 -delete', patience);
    const told = await backUp();
    expect(told).toMatch(/^13 /);
    expect(told).toMatch(/not a single file|empty/i);
    await lab.server.shell('mkdir /backups/dir-0');
    expect(await backUp()).toMatch(/^13 /);
    await assertClosed(lab);
    expect(await onDisk()).toBe(good);
  });

  it('encrypted: the run is held early, says so, and is put back byte for byte', async () => {
    await onServer(`for path in each(range(15)): put(path, os.urandom(3000))`);
    const stampedBefore = (await driveNow(lab, 'BACKUP_1')).lastSuccess;
    await lab.guest.unplug(lab.disk);
    await waitUntilGone(lab);
    await lab.guest.plug(lab.disk);
    const held = await waitForState(lab, 'BACKUP_1', ['held'], 600_000);
    expect(held.message).toMatch(new RegExp(`^held: 7\\d % of files changed \\(${String(15 * inEach)}\\)`));
    expect(held.message).toContain('safe to unplug');
    expect(held.lastSuccess).toBe(stampedBefore);
    await assertClosed(lab);
    expect((await eventsOf(lab, 'run:held')).at(-1)).toMatchObject({
      exitCode: 14,
      counts: { changed: 15 * inEach, deleted: 0 },
    });
    // It was stopped before it had replaced everything.
    expect(
      Number(await lookInside(lab, lab.disk, (top) => lab.guest.ask(`find ${top}/history -type f | wc -l`, patience))),
    ).toBeLessThan(0.6 * files);

    // A second run changes nothing.
    const opened = (await eventsOf(lab, 'luks:opened')).length;
    expect(await backUp()).toMatch(/^14 /);
    expect((await eventsOf(lab, 'luks:opened')).length).toBe(opened);

    expect(await extbackup('approve', 'BACKUP_1', '--show')).toMatch(
      new RegExp(`^ +${String(inEach)} +0 +0 {2}dir-2$`, 'm'),
    );
    const told = await lab.guest.ask(
      'journalctl -u extbackup -o cat --no-pager; cat /run/extbackup/status.json /var/lib/extbackup/*',
    );
    expect(told).not.toContain('dir-2');

    expect(await extbackup('rollback', 'BACKUP_1', '--yes')).toMatch(/^0 /);
    expect(await onDisk()).toBe(good);
    expect((await driveNow(lab, 'BACKUP_1')).state).not.toBe('held');
  });

  it('renamed to .locked: nothing is deleted, approval lets it go on, and rollback still undoes it', async () => {
    await onServer(`for path in each(range(${String(folders)})): os.rename(path, path + '.locked')`);
    expect(await backUp()).toContain(`100 % of files deleted (${String(files)}), ${String(files)} new`);
    expect(await extbackup('approve', 'BACKUP_1', '--reason', 'a test of the worst day')).toMatch(/^0 /);
    expect(await onDisk()).toBe(await serverNow());
    expect((await eventsOf(lab, 'run:approved')).at(-1)).toMatchObject({
      drive: 'BACKUP_1',
      by: 'root',
      reason: 'a test of the worst day',
    });
    expect(await extbackup('rollback', 'BACKUP_1', '--yes')).toMatch(/^0 /);
    expect(await onDisk()).toBe(good);
  });

  it('half unmounted: nothing is lost', async () => {
    await onServer(`for d in range(0, ${String(folders)}, 2):
    shutil.rmtree(f'dir-{d}')
    os.mkdir(f'dir-{d}')`);
    expect(await backUp()).toContain(`of files deleted (${String(files / 2)})`);
    expect(await onDisk()).toBe(good);
    expect(await extbackup('rollback', 'BACKUP_1', '--yes')).toContain('has changed nothing');
  });

  it('lost little by little over several rotations: all of them can be read as they were', async () => {
    const before = await lab.guest.ask('date -u +%Y-%m-%dT%H:%M:%SZ');
    for (const step of [0, 1, 2]) {
      await onServer(
        `for path in each(range(${String(folders)}))[${String(step)}::${String(14 - step)}]: os.remove(path)`,
      ); // 7 to 8 %
      expect(await backUp()).toMatch(/^0 /);
    }
    expect(await onDisk()).toBe(await serverNow());
    expect(await extbackup('restore', 'BACKUP_1', '.', '--at', before, '--to', '/run/restored')).toMatch(/^0 /);
    expect(await lab.guest.ask(checksums('/run/restored'), patience)).toBe(good);
    expect(await extbackup('rollback', 'BACKUP_1', '--to', before, '--yes')).toMatch(/^0 /);
    expect(await onDisk()).toBe(good);
  });
});

describe('a busy week', () => {
  it('passes without a question, and what it replaced can be read', async () => {
    await lab.server.shell('rsync -a --delete /backups.good/ /backups/', patience);
    await onServer(`every = each(range(${String(folders)}))
for path in every[::50]: put(path, b'edited' * 100)
for path in every[1::100]: os.remove(path)
for d in range(6): shutil.copytree(f'dir-{d}', f'new/part-{d}')`); // 2 % changed, 1 % deleted, a new directory of 30 %
    const before = await lab.guest.ask('date -u +%Y-%m-%dT%H:%M:%SZ');
    const warned = (await eventsOf(lab, 'run:warned')).length;
    expect(await backUp()).toMatch(/^0 /);
    expect((await eventsOf(lab, 'run:warned')).length).toBe(warned);
    expect(await onDisk()).toBe(await serverNow());
    expect(await extbackup('restore', 'BACKUP_1', '.', '--at', before, '--to', '/run/restored-week')).toMatch(/^0 /);
    expect(await lab.guest.ask(checksums('/run/restored-week'), patience)).toBe(good);
  });
});
