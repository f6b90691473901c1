import type { Lab } from '../lab.ts';
import { eventsOf, lookInside, openStation, waitForState } from '../stories/operator.ts';
import type { UsbDisk } from '../usb-disk.ts';
import { checkAftermath } from './aftermath.ts';
import { faults, type FaultName } from './faults.ts';
import { coverTools, pauseAt, waitForPause, type PausePoint } from './pause-points.ts';

/** A station that has had one good run, the disk in the drawer, and a server with news for the next one. */
export interface SweepStage {
  readonly lab: Lab;
  run(point: PausePoint, fault: FaultName): Promise<void>;
}

/** Makes the stage; every case starts from it. */
export async function openStage(): Promise<SweepStage> {
  const station = await openStation('BACKUP_1');
  const { guest, server } = station;
  const [base] = station.disks as [UsbDisk];
  await server.shell('mkdir -p /backups/docs; for i in 1 2 3 4 5 6 7 8 9; do head -c 1000 /dev/urandom > /backups/docs/$i; done; printf kept > /backups/docs/kept; echo goes > /backups/docs/goes');
  await guest.plug(base);
  await waitForState(station, 'BACKUP_1', ['safe-to-unplug']);
  const labelTime = await lookInside(station, base, async (top) => Number(await guest.ask(`stat -c %Y ${top}/LABEL`)));
  await guest.unplug(base);
  await server.shell('head -c 6M /dev/urandom > /backups/docs/new; rm /backups/docs/goes');
  await guest.shell("sed -i 's/^source:.*/&\\npull: {bandwidthLimit: 2000}/' /etc/extbackup/config.yaml");
  await coverTools(guest);
  await guest.snapshot('before the fault');
  let count = 0;
  return {
    lab: station,
    run: async (point, fault) => {
      await guest.restore('before the fault');
      const disk = await base.clone(`CASE${String((count += 1))}`);
      await pauseAt(guest, point);
      await guest.plug(disk);
      await waitForPause(guest);
      await faults[fault](station, disk);
      await settle(station, fault);
      await checkAftermath(station, disk, { labelTime });
    },
  };
}

interface StatusNow {
  readonly agent: string;
  readonly run: unknown;
  readonly drives: readonly { readonly state: string }[];
}

/** Waits until the run that was hit, and the one that an ended agent starts again, have ended one way or another. */
async function settle({ guest, ...lab }: Lab, fault: FaultName): Promise<void> {
  if (['power cut', 'reboot'].includes(fault)) return; // that run has ended
  const starts = fault.startsWith('agent') ? 3 : 2; // after the covering of the tools it was started anew
  let calm = 0;
  await guest.waitFor('the end of the run', async () => {
    const { agent, run, drives } = JSON.parse(await guest.ask('cat /run/extbackup/status.json')) as StatusNow;
    const ended = agent === 'running' && run === null && drives.every(({ state }) => ['safe-to-unplug', 'failed', 'idle', 'absent', 'waiting-for-key'].includes(state));
    calm = ended && (await eventsOf({ guest, ...lab }, 'agent:started')).length >= starts ? calm + 1 : 0;
    return calm >= 5;
  }, 240_000);
}
