import type { Lab } from '../lab.ts';
import { lookInside, openStation, waitForState } from '../stories/operator.ts';
import type { UsbDisk } from '../usb-disk.ts';
import { checkAftermath } from './aftermath.ts';
import { faults, type FaultName } from './faults.ts';
import { coverTools, notices, pauseAt, waitForPause, type PausePoint } from './pause-points.ts';

/** A station that has had one good run, the disk in the drawer, and a server with news for the next one. */
export interface SweepStage {
  readonly lab: Lab;
  /** Throws with the promise that was broken; returns a remark for the table, or ''. */
  run(point: PausePoint, fault: FaultName): Promise<string>;
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
  await coverTools(guest, server);
  await guest.shell("sed -i 's/^source:.*/&\\npull: {stallTimeout: 8s, retries: 2}\\nnotify: [{type: command, command: \\/opt\\/cover\\/notice}]/' /etc/extbackup/config.yaml; systemctl restart extbackup; /opt/real/sync");
  await guest.waitFor('the agent', 'grep -q \'"agent":"running".*"present":false\' /run/extbackup/status.json');
  await guest.snapshot('before the fault');
  let count = 0;
  return {
    lab: station,
    run: async (point, fault) => {
      await guest.restore('before the fault');
      const disk = await base.clone(`CASE${String((count += 1))}`);
      const agentPid = await guest.ask(`systemctl show -P MainPID extbackup; rm -f ${notices}; wc -l < /var/lib/extbackup/runs.jsonl`).then((text) => text.split('\n'));
      await pauseAt(guest, point);
      await guest.plug(disk);
      await waitForPause(guest, point);
      await faults[fault](station, disk);
      if (fault !== 'power cut' && fault !== 'reboot') await settle(station, fault.startsWith('agent') ? agentPid[0] : undefined);
      const diesTelling = point === 'notifying' && (fault === 'agent SIGKILL' || fault === 'power cut');
      return checkAftermath(station, disk, { labelTime, runs: Number(agentPid[1]), diesTelling });
    },
  };
}

/** Waits, in the guest, until the run that was hit, and the one that an ended agent starts again, have ended one way or another. */
async function settle({ guest }: Lab, formerPid: string | undefined): Promise<void> {
  await guest.shell(`
    calm=0
    while [ $calm -lt 8 ]; do
      sleep 0.3
      pid=$(systemctl show -P MainPID extbackup)
      status=$(cat /run/extbackup/status.json 2>/dev/null || true)
      calm=$((calm + 1))
      case $status in *'"agent":"running"'*'"run":null'*'"pid":'$pid,*) ;; *) calm=0 ;; esac
      case $status in *'"state":"running"'* | *'"state":"queued"'* | *'"state":"do-not-unplug"'*) calm=0 ;; esac
      [ "$pid" != "${formerPid ?? 0}" ] || calm=0
    done`, { timeoutMs: 240_000 });
}
