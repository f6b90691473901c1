import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeSourceTree } from '../source-tree.ts';
import { failureOf } from './failed-run.ts';
import { addSettings, assertClosed, changeOnDisk, eventsOf, lookInside } from './operator.ts';
import { useStation } from './use-station.ts';

/** Each failure ends with its own message and exit code, a closed disk and an unchanged LABEL. */
const lab = useStation('BACKUP_1');

beforeAll(async () => {
  await makeSourceTree(lab.server, '/backups', { smallFiles: 20 });
  await lab.guest.snapshot('a disk in the drawer');
});
beforeEach(() => lab.guest.restore('a disk in the drawer'));

const labelTime = (): Promise<string> => lookInside(lab, lab.disk, (top) => lab.guest.ask(`stat -c %Y ${top}/LABEL`));

const failedRun = (): Promise<Record<string, unknown>> => failureOf(lab, lab.disk);

it('an unreachable server', async () => {
  await addSettings(lab, 'pull: {retries: 1}');
  await lab.server.cutNetwork();
  expect(await failedRun()).toMatchObject({ code: 'EXB_NETWORK', exitCode: 13 });
  expect(await labelTime()).toBe('0');
});

it('a full disk', async () => {
  await changeInside((top) => `head -c 150M /dev/zero > ${top}/filler`);
  await lab.server.shell('head -c 60M /dev/urandom > /backups/too-large');
  expect(await failedRun()).toMatchObject({ code: 'EXB_DISK_FULL', exitCode: 13 });
  await lab.server.shell('rm /backups/too-large');
  const { exitCode } = await lab.guest.run(['extbackup', 'run'], { timeoutMs: 240_000, okCodes: 'any' });
  expect(exitCode).toBe(0); // to go on, correct it
});

it('a wrong configuration', async () => {
  await lab.guest.shell('echo "sorce: misspelt" >> /etc/extbackup/config.yaml');
  expect(await failedRun()).toMatchObject({ code: 'EXB_CONFIG', exitCode: 2 });
});

describe('a disk', () => {
  it('with a LABEL of another', async () => {
    await changeInside((top) => `printf BACKUP_9 > ${top}/LABEL`);
    expect(await failedRun()).toMatchObject({ code: 'EXB_LABEL_MISMATCH', exitCode: 10 });
    await lab.guest.unplug(lab.disk);
    await changeInside((top) => `printf BACKUP_1 > ${top}/LABEL; touch -d @0 ${top}/LABEL`);
  });

  it('that is foreign is not opened, and the operator hears why', async () => {
    const foreign = await lab.newDisk({ name: 'FOREIGN', sizeMb: 64 });
    await lab.guest.plug(foreign);
    const device = await lab.guest.deviceOf(foreign);
    await lab.guest.shell(
      `printf otherpassword | cryptsetup luksFormat --batch-mode --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 ${device} -; udevadm settle`,
    );
    await lab.guest.waitFor('the refusal', async () =>
      (await eventsOf(lab, 'drive:ignored')).some(({ reason }) => reason === 'not-enrolled'),
    );
    expect(await eventsOf(lab, 'run:started')).toEqual([]);
    await assertClosed(lab);
  });
});

/** Opens the disk with stock tools, changes something in it, and takes it out again. */
async function changeInside(change: (top: string) => string): Promise<void> {
  const { guest } = lab;
  await guest.shell('systemctl stop extbackup');
  await guest.plug(lab.disk);
  await changeOnDisk(lab, lab.disk, change);
  await guest.unplug(lab.disk);
  await guest.shell('systemctl start extbackup');
}
