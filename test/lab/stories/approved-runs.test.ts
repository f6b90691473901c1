import { beforeAll, expect, it } from 'vitest';
import { assertClosed, eventsOf, lookInside, waitForState } from './operator.ts';
import { useOffice } from './office.ts';

/** What an operator decides after a held run, and deletions that are no attack. */
const { lab, writeLetters, encryptOffice, onDisk, onServer, extbackup } = useOffice();

beforeAll(async () => {
  await writeLetters();
  await lab.guest.plug(lab.disk);
  await waitForState(lab, 'BACKUP_1', ['safe-to-unplug']);
  await encryptOffice();
});

it('a held run goes on when somebody says that it is right', async () => {
  expect((await extbackup('run', '--drive', 'BACKUP_1')).exitCode).toBe(14);
  const approved = await extbackup('approve', 'BACKUP_1', '--reason', 'new letters');
  expect(`${String(approved.exitCode)} ${approved.stderr}`).toMatch(/^0 /);
  expect(await onDisk()).toBe(await onServer());
  expect(await lab.guest.ask('cat /var/lib/extbackup/drives.json')).toContain('new letters');
  expect((await eventsOf(lab, 'run:approved')).at(-1)).toMatchObject({
    drive: 'BACKUP_1',
    by: 'root',
    reason: 'new letters',
  });
  await assertClosed(lab);
});

it('what the server lost is deleted by name, without a second look at the server, and comes back', async () => {
  const before = await onDisk();
  await lab.server.shell('rm /backups/plans/1?.txt');
  expect((await extbackup('run', '--drive', 'BACKUP_1')).exitCode).toBe(0);
  expect(await onDisk()).toBe(await onServer());
  // No rsync took part: its output would follow the first line of the log. The whole directory is in the history.
  expect(
    await lookInside(lab, lab.disk, (top) =>
      lab.guest.ask(
        `cd ${top}/.extbackup/history; f=$(ls *.log | tail -1); wc -l < "$f"; ls ${top}/history/"\${f%.log}"/plans | wc -l`,
      ),
    ),
  ).toBe('2\n10');
  expect((await extbackup('rollback', 'BACKUP_1', '--yes')).exitCode).toBe(0);
  expect(await onDisk()).toBe(before);
});

it('an emptied server is an error, and the copy stays as it is', async () => {
  const before = await onDisk();
  await lab.server.shell('rm -rf /backups/*');
  const ended = await extbackup('run', '--drive', 'BACKUP_1');
  expect(`${String(ended.exitCode)} ${ended.stderr}`).toMatch(
    /^13 [^]*is empty: there was nothing to back up\. Nothing was deleted/,
  );
  await assertClosed(lab);
  expect(await onDisk()).toBe(before);
});
