/** Processor time by control group, and of the agent itself, in seconds. */
import type { Guest } from '../guest.ts';

/** Counters since the start of the machine or of a unit. */
export interface ProcessorTime {
  /** Of the whole machine. */
  readonly machine: number;
  /** Of the lab itself and of the backup server, which share the machine. */
  readonly lab: number;
  /** Of the agent's unit: the agent and its programs. */
  readonly unit: number;
  /** Of the agent's process alone. */
  readonly agent: number;
  /** Of the units that the agent starts. */
  readonly helpers: number;
}

const groups = '/sys/fs/cgroup';
const unit = `${groups}/system.slice/extbackup.service`;
/** In the guest, everything that is logged in belongs to the lab. */
const ofLab = ['system.slice/lab-server.service', 'system.slice/ssh.service', 'user.slice'];
const ticksPerSecond = 100;

/** Reads all counters. The unit of the agent must run. */
export async function readProcessorTime(guest: Guest): Promise<ProcessorTime> {
  const text = await guest.ask(`head -n 1 /proc/stat
    usage() { for group in "$@"; do if [ -e "$group/cpu.stat" ]; then read -r name used < "$group/cpu.stat"; echo "$name $used"; fi; done; }
    echo unit; usage ${unit}; echo lab; usage ${ofLab.map((group) => `${groups}/${group}`).join(' ')}
    echo helpers; usage ${groups}/system.slice/system-extbackup*.slice
    read -r main < ${unit}/cgroup.procs; echo agent; cat "/proc/$main/stat"`);
  return parseProcessorTime(text);
}

/** Parses the answer of the guest. */
export function parseProcessorTime(text: string): ProcessorTime {
  const [head = '', tail = ''] = text.split('\nagent\n');
  const sections = new Map<string, number>();
  let section = '';
  for (const line of head.split('\n').slice(1)) {
    const used = /^usage_usec (\d+)$/.exec(line)?.[1];
    if (used === undefined) sections.set((section = line), 0);
    else sections.set(section, (sections.get(section) ?? 0) + Number(used) / 1e6);
  }
  const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0] =
    /^cpu +(.*)/.exec(head)?.[1]?.split(' ').map(Number) ?? [];
  const fields = tail.slice(tail.lastIndexOf(')') + 2).split(' '); // fields from the third on; see proc_pid_stat(5)
  return {
    machine: (user + nice + system + irq + softIrq) / ticksPerSecond,
    lab: sections.get('lab') ?? 0,
    unit: sections.get('unit') ?? 0,
    helpers: sections.get('helpers') ?? 0,
    agent: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
  };
}

/** What was used between two readings. */
export const usedBetween = (before: ProcessorTime, after: ProcessorTime): ProcessorTime => ({
  machine: after.machine - before.machine,
  lab: after.lab - before.lab,
  unit: after.unit - before.unit,
  helpers: after.helpers - before.helpers,
  agent: after.agent - before.agent,
});
