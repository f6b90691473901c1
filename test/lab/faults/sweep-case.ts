import type { Lab } from '../lab.ts';
import { rest } from '../guest.ts';
import { openStation } from '../stories/operator.ts';
import type { UsbDisk } from '../usb-disk.ts';
import { checkAftermath, type Before } from './aftermath.ts';
import { faults, type FaultName } from './faults.ts';
import {
  assertStandsStill,
  coverTools,
  describeTree,
  notices,
  pauseAt,
  waitForPause,
  type PausePoint,
} from './pause-points.ts';

/** A station after one good run, with the disk in the drawer, and a server with changes for the next run. */
export interface SweepStage {
  readonly lab: Lab;
  /** Throws with the failed check. */
  run(point: PausePoint, fault: FaultName): Promise<void>;
}

/** A paused run, saved as a snapshot with its disk, so that every fault hits the same moment. */
interface StandStill {
  readonly point: PausePoint;
  readonly disk: UsbDisk;
  readonly agentPid: string;
  readonly runs: number;
}

const beforeTheRun = 'before the run';
const atThePoint = 'at the point';

/** Prepares the station; every case starts from it. It is fastest to run all cases of one point in a row. */
export async function openStage(): Promise<SweepStage> {
  const station = await openStation('BACKUP_1');
  const { guest, server } = station;
  const [base] = station.disks as [UsbDisk];
  await server.shell(
    'mkdir -p /backups/docs; for i in 1 2 3 4 5 6 7 8 9; do head -c 1000 /dev/urandom > /backups/docs/$i; done; printf kept > /backups/docs/kept; echo goes > /backups/docs/goes',
  );
  await guest.plug(base);
  await inGuest(station, 'the first run', () => `grep -q '"state":"safe-to-unplug"' /run/extbackup/status.json`);
  const labelTime = Math.floor(
    Date.parse(await guest.ask('sed \'s/.*"lastSuccess":"\\([^"]*\\).*/\\1/\' /run/extbackup/status.json')) / 1000,
  );
  await guest.unplug(base);
  await server.shell('head -c 6M /dev/urandom > /backups/docs/new; rm /backups/docs/goes');
  await coverTools(guest, server);
  await guest.shell(
    `printf '%s\\n' 'pull: {stallTimeout: 60s, retries: 1}' 'notify: [{type: command, command: /opt/cover/notice}]' >> /etc/extbackup/config.yaml
    systemctl restart extbackup; rm -f ${notices}; /opt/real/sync`,
  );
  await inGuest(station, 'the agent', () => `grep -q '"agent":"running".*"present":false' /run/extbackup/status.json`);
  const source = await server.ask(`cd /backups; ${describeTree}`);
  await guest.snapshot(beforeTheRun);

  let count = 0;
  const standStill = async (point: PausePoint): Promise<StandStill> => {
    await guest.restore(beforeTheRun);
    const disk = await base.clone(`CASE${String((count += 1))}`);
    const [agentPid = '', runs] = (
      await guest.ask('systemctl show -P MainPID extbackup; wc -l < /var/lib/extbackup/runs.jsonl')
    ).split('\n');
    await pauseAt(guest, point);
    await guest.plug(disk);
    await waitForPause(guest, point);
    await guest.snapshot(atThePoint);
    return { point, disk, agentPid, runs: Number(runs) };
  };
  let still: StandStill | undefined;
  return {
    lab: station,
    run: async (point, fault) => {
      if (still?.point === point)
        await guest.restore(atThePoint, { clock: 'then' }); // rsync's --timeout uses the time of day
      else still = await standStill(point);
      const { disk, agentPid, runs } = still;
      await assertStandsStill(guest, point);
      await faults[fault](station, disk);
      if (fault !== 'power cut' && fault !== 'reboot')
        await settle(station, fault.startsWith('agent') || fault === 'out of memory' ? agentPid : undefined);
      const expected = point.startsWith('pulling') ? expectedOf(fault) : undefined;
      await checkAftermath(station, disk, {
        labelTime,
        runs,
        source,
        ...(expected && { expected }),
        clockWasAhead: fault === 'clock ahead',
      });
    },
  };
}

/** The result of a run that was hit during its pull. */
function expectedOf(fault: FaultName): Before['expected'] {
  if (fault === 'server prints a lie') return { outcome: 'success', message: /^$/ };
  if (fault === 'out of memory') return { outcome: 'failure', message: /ran out of memory/ };
  if (fault === 'agent SIGKILL') return { outcome: 'failure', message: /cut off: the agent died/ };
  if (fault === 'agent SIGTERM') return { outcome: 'cancelled', message: /agent was stopped/ };
  return undefined;
}

const inGuest = (lab: Lab, what: string, question: () => string): Promise<void> =>
  lab.guest.waitFor(what, question(), 400_000);

/** Waits, in the guest, until the run that was hit has ended, and also the run that a new agent starts again. */
async function settle({ guest }: Lab, formerPid: string | undefined): Promise<void> {
  await guest.waitThrough(
    'the runs to end',
    `
    calm=0
    while [ $calm -lt 4 ]; do
      ${rest}
      read -r status < /run/extbackup/status.json || true
      calm=$((calm + 1))
      case $status in *'"agent":"running"'*'"run":null'*) ;; *) calm=0; continue ;; esac
      case $status in *'"state":"running"'* | *'"state":"queued"'* | *'"state":"do-not-unplug"'*) calm=0; continue ;; esac
      case $status in *'"pid":${formerPid ?? 'none'},'*) calm=0; continue ;; esac
      pid=\${status##*'"pid":'}
      [ -d /proc/\${pid%%,*} ] || calm=0
    done`,
    240_000,
  );
}
