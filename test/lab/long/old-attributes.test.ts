import { beforeAll, expect, it } from 'vitest';
import { assertClosed, eventsOf, lookInside, waitForState, waitUntilGone } from '../stories/operator.ts';
import { useStation } from '../stories/use-station.ts';

/** After chmod -R 777 and chown -R on the server, the next disk is plugged in. */
const lab = useStation('BACKUP_1');

/** Owner, group, rights, ACLs and extended attributes of a tree, read with stock tools. */
const attributes = (directory: string): string =>
  `cd ${directory} && { getfacl -R -P -n . | sort; getfattr -R -P -h -d -m - . 2>/dev/null | sort; find . -printf '%p %U %G %m %y\\n' | sort; } | md5sum`;
const onDisk = (): Promise<string> => lookInside(lab, lab.disk, (top) => lab.guest.ask(attributes(`${top}/backups`)));
const onServer = (): Promise<string> => lab.server.ask(attributes('/backups'));
const extbackup = (...args: readonly string[]) =>
  lab.guest.run(['extbackup', ...args], { okCodes: 'any', timeoutMs: 300_000 });

let good: string;

beforeAll(async () => {
  await lab.server.shell(
    'mkdir -p /backups/office /backups/plans; cd /backups; for i in $(seq 200); do echo "letter $i" | tee office/$i.txt > plans/$i.txt; done; ' +
      'chown -R 1001:1002 office; chmod -R o-rwx office; setfacl -m u:4242:r office/1.txt; setfattr -n user.origin -v scanner plans/1.txt; ln -s office/1.txt link; chown -h 1003 link',
  );
  await lab.guest.plug(lab.disk);
  await waitForState(lab, 'BACKUP_1', ['safe-to-unplug']);
});

it('many files with other rights hold the run', async () => {
  good = await onDisk();
  expect(good).toBe(await onServer());
  await lab.server.shell('chmod -R 777 /backups/*; chown -R -h 0:0 /backups/*; setfacl -b /backups/office/1.txt');
  await lab.guest.unplug(lab.disk);
  await waitUntilGone(lab);
  await lab.guest.plug(lab.disk);
  const held = await waitForState(lab, 'BACKUP_1', ['held']);
  expect(held.message).toMatch(/100 % of files with another owner, other rights or attributes \(40\d\)/);
  expect((await eventsOf(lab, 'run:held')).at(-1)).toMatchObject({
    counts: { changed: 0, deleted: 0, created: 0 },
    happened: expect.stringContaining('guard.attributes allows 160') as string,
  });
  await assertClosed(lab);
});

it('rollback puts owners, rights, ACLs and attributes back that had changed', async () => {
  const done = await extbackup('rollback', 'BACKUP_1', '--yes');
  expect(`${String(done.exitCode)} ${done.stderr}`).toMatch(/^0 /);
  expect(done.stdout).toMatch(/owner, rights or attributes put back of \d+ files, with directories/);
  expect(await onDisk()).toBe(good);
});

it('approved, the old ones are in the history, where stock tools read them', async () => {
  expect((await extbackup('run', '--drive', 'BACKUP_1')).exitCode).toBe(14);
  const approved = await extbackup('approve', 'BACKUP_1', '--reason', 'one user for all');
  expect(`${String(approved.exitCode)} ${approved.stderr}`).toMatch(/^0 /);
  expect(await onDisk()).toBe(await onServer());
  const byHand = await lookInside(lab, lab.disk, (top) =>
    lab.guest.ask(
      `cp -a ${top}/backups /root/copy && cd /root/copy && h=${top}/.extbackup/history && ` +
        'for f in $(ls -r $h/*.facl); do setfacl --restore=$f >&2; done; ' +
        'for f in $(ls -r $h/*.fattr); do setfattr -h --restore=$f >&2; done; ' +
        `for f in $(ls -r $h/*.links); do xargs -0 -n2 -a $f chown -h >&2; done; ${attributes('/root/copy')}; rm -r /root/copy`,
    ),
  );
  expect(byHand).toBe(good);
});

it('a rollback of the complete run brings them, too', async () => {
  const done = await extbackup('rollback', 'BACKUP_1', '--yes');
  expect(`${String(done.exitCode)} ${done.stderr}`).toMatch(/^0 /);
  expect(await onDisk()).toBe(good);
  await assertClosed(lab);
});
