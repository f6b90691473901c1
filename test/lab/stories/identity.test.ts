import { beforeAll, expect, it } from 'vitest';
import { makeSourceTree } from '../source-tree.ts';
import type { UsbDisk } from '../usb-disk.ts';
import { assertClosed, changeOnDisk, eventsOf, lookInside, takeOut, type DriveNow, waitForState } from './operator.ts';
import { useStation } from './use-station.ts';

/** One disk and its copies, in order: the real one is used, the others are refused. */
const lab = useStation('BACKUP_1');
let lastWeek: UsbDisk;

beforeAll(async () => {
  await makeSourceTree(lab.server, '/backups', { smallFiles: 20 });
  lastWeek = await lab.disk.clone('LASTWEEK');
});

const labelTime = (which: UsbDisk): Promise<string> =>
  lookInside(lab, which, (top) => lab.guest.ask(`stat -c %Y ${top}/LABEL`));

/** Plugs the disk in; expects that it is refused after its content was read, without any change. */
async function refusedInside(
  which: UsbDisk,
  time: string,
  meanwhile?: () => Promise<void>,
): Promise<{ shown: DriveNow; failure: Record<string, unknown> | undefined }> {
  const failures = (await eventsOf(lab, 'run:failed')).length;
  await lab.guest.plug(which);
  await lab.guest.waitFor(
    'the run to fail',
    async () => (await eventsOf(lab, 'run:failed')).length > failures,
    120_000,
  );
  const failure = (await eventsOf(lab, 'run:failed')).at(-1);
  const shown = await waitForState(lab, 'BACKUP_1', ['failed']);
  await meanwhile?.();
  await assertClosed(lab);
  expect(await labelTime(which)).toBe(time);
  await takeOut(lab, which);
  return { shown, failure };
}

it('a disk that was put back to last week is refused, with its LABEL as it was', async () => {
  await lab.guest.plug(lab.disk);
  await waitForState(lab, 'BACKUP_1', ['safe-to-unplug']);
  await takeOut(lab, lab.disk);
  const { shown, failure } = await refusedInside(lastWeek, '0', async () => {
    const byHand = await lab.guest.run(['extbackup', 'verify'], { okCodes: 'any' }); // would write checksums
    expect(byHand).toMatchObject({
      exitCode: 10,
      stderr: expect.stringContaining('was put back to an older state') as string,
    });
  });
  expect(failure).toMatchObject({ code: 'EXB_ROLLED_BACK', exitCode: 10 });
  expect(shown.message).toContain('was put back to an older state');
  expect(shown.message).toContain('safe to unplug');
});

it('a disk with the seal of another inside is refused', async () => {
  const { guest } = lab;
  await guest.shell('systemctl stop extbackup');
  const swapped = await lab.disk.clone('SWAPPED');
  await guest.plug(swapped);
  const foreign = '3f2504e0-4f89-41d3-9a0c-0305e82c3301';
  await changeOnDisk(
    lab,
    swapped,
    (top) => `sed -i 's/"sealedId": *"[^"]*"/"sealedId":"${foreign}"/' ${top}/.extbackup/seal.json
      grep -q ${foreign} ${top}/.extbackup/seal.json; touch -d @86400 ${top}/LABEL`,
  );
  await guest.unplug(swapped);
  await guest.shell('systemctl start extbackup');
  const { shown, failure } = await refusedInside(swapped, '86400');
  expect(failure).toMatchObject({ code: 'EXB_SEAL_MISMATCH', exitCode: 10 });
  expect(shown.message).toContain('belongs to another disk');
});
