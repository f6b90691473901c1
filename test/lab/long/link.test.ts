import { beforeAll, expect, it } from 'vitest';
import { addSettings, assertClosed, driveNow, eventsOf, takeOut, waitForState } from '../stories/operator.ts';
import { useStation } from '../stories/use-station.ts';

/** A server with two addresses: one is dead, or belongs to another machine. */
const lab = useStation('BACKUP_1');

/** Nobody has it: the network of the server answers that there is no such host. */
const dead = '10.77.0.99';

const extbackup = (...args: readonly string[]) =>
  lab.guest.run(['extbackup', ...args], { okCodes: 'any', timeoutMs: 240_000 });

beforeAll(async () => {
  await lab.server.shell('mkdir -p /backups/docs; echo one > /backups/docs/a');
  // The scan of setup may be too slow for an emulated machine under load.
  await lab.guest.shell(
    'grep -q ^backup /etc/extbackup/known_hosts || ssh-keyscan -T 120 backup > /etc/extbackup/known_hosts',
  );
  await addSettings(lab, `addresses: [${dead}, 10.77.0.2]\npull: {retries: 0}`);
});

it('a dead first address is passed over, in the run and in doctor, and both are named', async () => {
  const { stdout, stderr } = await extbackup('doctor');
  expect(stdout + stderr).toContain(`answers at 10.77.0.2, with the pinned host key; no answer from here: ${dead}.`);
  expect(stdout + stderr).toContain('extbackup@backup (10.77.0.2) knows this station and runs no commands for it.');
  await lab.guest.plug(lab.disk);
  await waitForState(lab, 'BACKUP_1', ['safe-to-unplug']);
  expect(await eventsOf(lab, 'server:reached')).toEqual([
    expect.objectContaining({ drive: 'BACKUP_1', address: '10.77.0.2', silent: [dead] }),
  ]);
  await assertClosed(lab);
});

it('another machine at the first address is an alarm, although the second one would answer', async () => {
  await takeOut(lab, lab.disk);
  await lab.guest.shell(`ip address add ${dead}/32 dev lo`); // the station's own ssh answers there
  await lab.guest.plug(lab.disk);
  const failed = await waitForState(lab, 'BACKUP_1', ['failed', 'safe-to-unplug']);
  expect(failed.message).toContain(
    `The server extbackup@backup (${dead}) did not show the host key that is pinned here`,
  );
  expect(await eventsOf(lab, 'run:failed')).toMatchObject([{ code: 'EXB_HOST_KEY' }]);
  await assertClosed(lab);
  const { stdout, stderr } = await extbackup('doctor');
  expect(stdout + stderr).toContain(`Another host key than the pinned one of backup is shown at ${dead}`);
  await lab.guest.shell(`ip address del ${dead}/32 dev lo`);
});

it('no address at all is a wait that names both', async () => {
  await lab.server.cutNetwork();
  await extbackup('run', '--drive', 'BACKUP_1');
  const waiting = await driveNow(lab, 'BACKUP_1');
  expect(waiting).toMatchObject({ state: 'waiting-for-server' });
  expect((await eventsOf(lab, 'run:failed')).at(-1)).toMatchObject({
    code: 'EXB_NETWORK',
    happened: expect.stringContaining(`extbackup@backup (${dead}, 10.77.0.2) could not be reached`) as string,
  });
  await lab.server.healNetwork();
  await waitForState(lab, 'BACKUP_1', ['safe-to-unplug']);
});
