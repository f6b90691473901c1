import { beforeAll, expect, it } from 'vitest';
import {
  addSettings,
  assertClosed,
  driveNow,
  eventsOf,
  installProgram,
  waitForState,
  waitUntilGone,
} from './operator.ts';
import { useOffice } from './office.ts';

/** The bad day in short: the server is encrypted, and then a disk is plugged in. See long/held-runs.test.ts. */
const { lab, writeLetters, encryptOffice, onDisk, onServer, extbackup } = useOffice();

beforeAll(async () => {
  await writeLetters();
  // A hook of the operator that records its environment.
  const tells =
    '#!/bin/sh\necho "$EXTBACKUP_HOOK $EXTBACKUP_DRIVE $EXTBACKUP_OUTCOME" >> /run/extbackup/hook-told\nexit 3\n';
  await installProgram(lab, '/usr/local/sbin/tell', tells);
  await addSettings(lab, 'hooks: [{when: after-sync, command: /usr/local/sbin/tell}]');
  await lab.guest.plug(lab.disk);
  await waitForState(lab, 'BACKUP_1', ['safe-to-unplug']);
});

let good: string;

it('an encrypted server does not reach the copy: the run is held, and says why without a file name', async () => {
  good = await onDisk();
  expect(good).toBe(await onServer());
  const { lastSuccess } = await driveNow(lab, 'BACKUP_1');
  await encryptOffice();
  await lab.guest.unplug(lab.disk);
  await waitUntilGone(lab);
  await lab.guest.plug(lab.disk);
  const held = await waitForState(lab, 'BACKUP_1', ['held']);
  expect(held.message).toMatch(/(?:49|50) % of files changed \(150\)/);
  expect(held.message).toContain('safe to unplug');
  expect(held.lastSuccess).toBe(lastSuccess);
  await assertClosed(lab);
  expect((await eventsOf(lab, 'run:held')).at(-1)).toMatchObject({
    exitCode: 14,
    counts: { changed: 150, deleted: 0 },
    happened: expect.stringContaining('as if somebody had encrypted them') as string,
  });
  expect(await lab.guest.ask('cat /run/extbackup/hook-told')).toBe(
    'after-sync BACKUP_1 complete\nafter-sync BACKUP_1 held',
  );
  expect((await eventsOf(lab, 'run:warned'))[0]).toMatchObject({
    reason: expect.stringContaining('ended with exit code 3') as string,
  });

  expect((await extbackup('approve', 'BACKUP_1', '--show')).stdout).toMatch(/^ +150 +0 +0 {2}office$/m);
  const told = await lab.guest.ask(
    'journalctl -u extbackup -o cat --no-pager; cat /run/extbackup/status.json /var/lib/extbackup/*',
  );
  expect(told).not.toContain('office');
});

it('rollback puts the copy back byte for byte', async () => {
  expect((await extbackup('rollback', 'BACKUP_1', '--yes')).exitCode).toBe(0);
  expect(await onDisk()).toBe(good);
  expect((await driveNow(lab, 'BACKUP_1')).state).not.toBe('held');
});
