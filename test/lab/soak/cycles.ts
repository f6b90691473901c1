import { setTimeout as pause } from 'node:timers/promises';
import { rest } from '../guest.ts';
import type { Lab } from '../lab.ts';
import { openStation } from '../stories/operator.ts';
import type { UsbDisk } from '../usb-disk.ts';
import { measured, type Measured, type Sample } from './growth.ts';

/** Faults during the run of a cycle, at a random time after the plug-in. */
const mishaps: Readonly<Record<string, (lab: Lab, disk: UsbDisk) => Promise<void>>> = {
  none: () => Promise.resolve(),
  'pulled out': ({ guest }, disk) => guest.yank(disk),
  'rsync killed': async ({ guest }) => {
    await guest.shell('pkill -KILL -x rsync || true');
  },
  'ssh killed': async ({ guest }) => {
    await guest.shell('pkill -KILL -x ssh || true');
  },
  'network cut and back': async ({ server }) => {
    await server.cutNetwork();
    await pause(3_000);
    await server.healNetwork();
  },
  'write errors': ({ guest }, disk) => guest.breakDisk(disk, 'write'),
  'agent killed': async ({ guest }) => {
    await guest.shell('systemctl kill --kill-whom=main --signal=SIGKILL extbackup');
  },
};
const names = Object.keys(mishaps);

const status = '/run/extbackup/status.json';
const runLog = '/var/lib/extbackup/runs.jsonl';

export interface Cycle {
  readonly mishap: string;
  readonly afterMs: number;
  readonly sample: Sample;
}

/** Pseudo-random numbers from 0 to 1; the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Plug in, run, unplug, `count` times, with a fault in every other cycle. Throws if a cycle does not end, or if one
 * without a fault is not a good run. The agent is killed only in the first half; its memory is measured in the second.
 */
export async function* soak(count: number, seed: number): AsyncGenerator<Cycle> {
  const random = randomFrom(seed);
  const station = await openStation('BACKUP_1');
  const { guest, server } = station;
  const [disk] = station.disks as [UsbDisk];
  try {
    await server.shell(
      'mkdir -p /backups/docs; for i in 1 2 3 4 5 6 7 8 9; do head -c 10000 /dev/urandom > /backups/docs/$i; done',
    );
    await guest.shell("sed -i 's/^source:.*/&\\npull: {stallTimeout: 8s, retries: 2}/' /etc/extbackup/config.yaml");
    for (let cycle = 1; cycle <= count; cycle += 1) {
      const afterMs = Math.round(500 + random() * 12_000);
      const chosen = random() < 0.5 ? 'none' : (names[Math.floor(random() * names.length)] ?? 'none');
      const mishap = cycle === count || (chosen === 'agent killed' && cycle > count / 2) ? 'none' : chosen;
      const runs = await guest.ask(`wc -l < ${runLog} 2>/dev/null || echo 0`);
      await server.shell(`head -c 300K /dev/urandom > /backups/docs/new-${String(cycle % 20)}`);
      await guest.plug(disk);
      if (mishap !== 'none') {
        await pause(afterMs);
        await mishaps[mishap]?.(station, disk);
      }
      await comeToRest(station, Number(runs), mishap === 'none');
      if (guest.isPlugged(disk)) await guest.unplug(disk);
      await guest.waitFor(
        `rest after cycle ${String(cycle)} (${mishap})`,
        `grep -q '"agent":"running".*"run":null' ${status} && ! grep -q '"present":true' ${status} && [ -z "$(cat /sys/class/block/dm-*/dm/name 2>/dev/null)" ]`,
        120_000,
      );
      const last = await guest.ask(`tail -n 1 ${runLog} 2>/dev/null || true`);
      if (mishap === 'none' && !last.includes('"outcome":"success"'))
        throw new Error(`cycle ${String(cycle)} was no good run: ${last}`);
      yield { mishap, afterMs, sample: { cycle, ...(await measure(station)) } };
    }
  } finally {
    await station.close();
  }
}

/**
 * Waits until the run is recorded and nothing is active. After a fault there may be no run: the disk may disappear before
 * the agent sees it, or the agent may be killed after the run.
 */
async function comeToRest({ guest }: Lab, runsBefore: number, runMustCome: boolean): Promise<void> {
  await guest.waitThrough(
    'the run to end',
    `
    calm=0
    enough=6
    while [ $calm -lt $enough ]; do
      ${rest}
      read -r status < ${status} || true
      calm=$((calm + 1))
      case $status in *'"agent":"running"'*'"run":null'*) ;; *) calm=0; continue ;; esac
      case $status in *'"state":"running"'* | *'"state":"queued"'* | *'"state":"do-not-unplug"'*) calm=0; continue ;; esac
      pid=\${status##*'"pid":'}
      [ -d /proc/\${pid%%,*} ] || calm=0
      enough=6
      [ "$(wc -l < ${runLog} 2>/dev/null || echo 0)" -gt ${String(runsBefore)} ] || ${runMustCome ? 'calm=0' : 'enough=40'}
    done`,
    240_000,
  );
}

async function measure({ guest }: Lab): Promise<Omit<Sample, 'cycle'>> {
  const text = await guest.ask(`
    pid=$(systemctl show -P MainPID extbackup)
    echo $pid
    sed -n 's/^VmRSS:[^0-9]*\\([0-9]*\\).*/\\1/p' /proc/$pid/status
    ls /proc/$pid/fd | wc -l
    cat /proc/$pid/fdinfo/* | grep -c ^inotify || true
    wc -l < /sys/fs/cgroup/system.slice/extbackup.service/cgroup.procs
    wc -l < /proc/$pid/mountinfo
    ls /sys/class/block | grep -c ^dm- || true
    wc -l < /proc/self/mountinfo
    ps -eo ppid= | grep -cvw 2
    sed -n 's/^SUnreclaim:[^0-9]*\\([0-9]*\\).*/\\1/p' /proc/meminfo`);
  const numbers = text.split('\n').map(Number);
  return Object.fromEntries(measured.map((name, line) => [name, numbers[line] ?? 0])) as Record<Measured, number>;
}
