import { beforeAll, expect, it } from 'vitest';
import { password } from '../station.ts';
import { assertClosed, driveNow, eventsOf, takeOut, waitForState } from '../stories/operator.ts';
import { useStation } from '../stories/use-station.ts';

const lab = useStation('BACKUP_1');

beforeAll(async () => {
  await lab.server.shell('mkdir -p /backups/docs; echo one > /backups/docs/a');
});

const opened = async (): Promise<number> => (await eventsOf(lab, 'luks:opened')).length;

it('a disk and its copy at once are both refused, and the one that stays too, until it is plugged in alone', async () => {
  const { guest } = lab;
  const copy = await lab.disk.clone('COPY');
  const before = await opened();
  await guest.run(['extbackup', 'lock']); // so that the first run has ended when the second disk is plugged in
  await guest.plug(lab.disk);
  await guest.plug(copy);
  const refusals = async (): Promise<Record<string, unknown>[]> =>
    (await eventsOf(lab, 'drive:ignored')).filter(({ reason }) => reason === 'duplicate-uuid');
  await guest.waitFor('both to be refused', async () => (await refusals()).length === 2);
  await guest.run(['extbackup', 'unlock', '--password-stdin'], { input: `${password}\n`, timeoutMs: 300_000 });
  await takeOut(lab, copy);
  const asked = await guest.run(['extbackup', 'run'], { okCodes: 'any' });
  expect(asked).toMatchObject({ exitCode: 10 });
  expect(asked.stderr).toContain('plug in the real one alone');
  expect(await driveNow(lab, 'BACKUP_1')).toMatchObject({ state: 'failed', present: true });
  expect((await driveNow(lab, 'BACKUP_1')).message).toContain('plugged in anew');
  expect({ opened: await opened(), refusals: (await refusals()).length }).toEqual({ opened: before, refusals: 2 });
  await takeOut(lab, lab.disk);
  await guest.plug(lab.disk);
  await waitForState(lab, 'BACKUP_1', ['safe-to-unplug']);
  await assertClosed(lab);
});
