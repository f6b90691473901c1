/** The cost of one run in the guest, from the plug on, in figures that a busy host does not change. */
import type { Lab } from '../lab.ts';
import { waitForState, waitUntilGone } from '../stories/operator.ts';
import type { UsbDisk } from '../usb-disk.ts';
import { beginAccounts, endAccounts } from './accounts.ts';
import { readProcessorTime, usedBetween, type ProcessorTime } from './processor-time.ts';
import { beginTrace, endTrace, type ProgramTrace } from './program-trace.ts';

/** Everything that one plug led to. */
export interface RunCost {
  readonly trace: ProgramTrace;
  /** Processor seconds. */
  readonly cpu: ProcessorTime;
  /** Processor seconds of the ended processes of the run, by their program's name. */
  readonly cpuOf: Readonly<Record<string, number>>;
  /** Written to the station's own disk, by the whole machine: records, status, journal. */
  readonly bytesWritten: number;
  /** Highest resident memory of the agent so far, in MB. */
  readonly agentPeakMb: number;
}

/** Backs up so many small files once, and puts the disk back into the drawer: the next run finds nothing changed. */
export async function makeUnchanged(lab: Lab, disk: UsbDisk, label: string, files: number): Promise<void> {
  const { guest, server } = lab;
  await server.shell(
    `mkdir -p /backups/office; cd /backups/office; for i in $(seq ${String(files)}); do echo $i > $i.txt; done`,
  );
  await guest.plug(disk);
  await waitForState(lab, label, ['safe-to-unplug']);
  await guest.unplug(disk);
  await waitUntilGone(lab);
}

/** Some work is due this long after the plug: a disk that does not come up is reported then. */
const settledAfterSeconds = 25;

/** Plugs in a disk, and measures until its run is over and everything that the plug led to is done. */
export async function measureRun(lab: Lab, disk: UsbDisk, label: string): Promise<RunCost> {
  const { guest } = lab;
  const written = await bytesWritten(lab);
  const before = await readProcessorTime(guest);
  await beginAccounts(guest);
  const residents = await beginTrace(guest);
  await guest.plug(disk);
  const settled = guest.shell(`sleep ${String(settledAfterSeconds)}`);
  await waitForState(lab, label, ['safe-to-unplug']);
  await settled;
  await guest.shell('sleep 5'); // the last state is told within three seconds
  const trace = await endTrace(guest, residents);
  const accounts = await endAccounts(guest);
  const cpu = usedBetween(before, await readProcessorTime(guest));
  const cpuOf: Record<string, number> = {};
  for (const { pid, name, cpuSeconds } of accounts) {
    const starter = trace.starterOf(pid);
    if (starter === 'agent' || starter === 'units') cpuOf[name] = (cpuOf[name] ?? 0) + cpuSeconds;
  }
  return {
    trace,
    cpu,
    cpuOf,
    bytesWritten: (await bytesWritten(lab)) - written,
    agentPeakMb: await agentMemory(lab, 'VmHWM'),
  };
}

/**
 * Who used how much of the processor time that the station spent on the run: all of it without the lab and the server.
 * What is left belongs to the kernel, systemd, udev and the journal.
 */
export function sharesOf({ cpu, cpuOf }: Pick<RunCost, 'cpu' | 'cpuOf'>): Record<string, number> {
  const all = cpu.machine - cpu.lab;
  const of = (...names: readonly string[]): number => names.reduce((sum, name) => sum + (cpuOf[name] ?? 0), 0) / all;
  const known = { cryptsetup: of('cryptsetup'), e2fsck: of('e2fsck'), rsync: of('rsync'), ssh: of('ssh') };
  const agent = cpu.agent / all;
  const programs = (cpu.unit + cpu.helpers) / all - agent;
  const others = programs - Object.values(known).reduce((sum, share) => sum + share, 0);
  return {
    'the agent itself': agent,
    ...known,
    'its other programs': Math.max(0, others),
    'kernel, systemd, udev and journal': Math.max(0, 1 - agent - programs),
  };
}

/** Sectors of 512 bytes, whatever the disk has; see Documentation/block/stat.rst. */
async function bytesWritten({ guest }: Lab): Promise<number> {
  const stat = await guest.ask(
    'sync; cat "/sys/class/block/$(basename "$(readlink -f /dev/disk/by-id/virtio-root)")/stat"',
  );
  return Number(stat.trim().split(/\s+/)[6]) * 512;
}

/** A field of the agent's status, in MB; see proc_pid_status(5). */
export async function agentMemory({ guest }: Lab, field: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await guest.ask('cat "/proc/$(systemctl show -p MainPID --value extbackup)/status"');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / 1024;
}
