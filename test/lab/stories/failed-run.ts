import { expect } from 'vitest';
import type { Lab } from '../lab.ts';
import type { UsbDisk } from '../usb-disk.ts';
import { assertClosed, eventsOf, waitForState } from './operator.ts';

/** Plugs in the disk, waits for the failure, checks that it changed nothing it must not change, and returns its event. */
export async function failureOf(lab: Lab, disk: UsbDisk): Promise<Record<string, unknown>> {
  await lab.guest.plug(disk);
  await waitForState(lab, 'BACKUP_1', ['failed', 'waiting-for-server']);
  const [failure] = await eventsOf(lab, 'run:failed');
  await assertClosed(lab);
  expect(await eventsOf(lab, 'label:stamped')).toEqual([]);
  expect(await eventsOf(lab, 'drive:safe-to-unplug')).toHaveLength(1);
  const record = JSON.parse(await lab.guest.ask('extbackup history --json | tail -n 1')) as
    Record<string, unknown> | Record<string, unknown>[];
  const last = Array.isArray(record) ? record.at(-1) : record;
  expect(last?.['exitCode']).toBe(failure?.['exitCode']);
  return failure ?? {};
}
