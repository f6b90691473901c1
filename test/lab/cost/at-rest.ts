/** What the agent does while nothing happens. */
import type { Guest } from '../guest.ts';

/** A wake-up of one of the agent's threads. */
export interface WakeUp {
  /** In seconds, from the begin of the rest. */
  readonly at: number;
  readonly thread: string;
  /** The process that woke it; `timer` for the processor's own timer. */
  readonly by: string;
}

export interface Rest {
  readonly minutes: number;
  readonly wakeUps: readonly WakeUp[];
  /** Times that the agent's threads gave the processor away; see voluntary_ctxt_switches in proc_pid_status(5). */
  readonly switches: number;
  /** Processor milliseconds. */
  readonly cpuMs: number;
}

const tracing = '/sys/kernel/tracing';

/** Measures minutes without any news. Nothing else may use the guest. */
export async function measureRest(guest: Guest, minutes: number): Promise<Rest> {
  const text = await guest.ask(
    `main=$(systemctl show -p MainPID --value extbackup)
    switches() { sed -s -n 's/^voluntary_ctxt_switches:\\s*//p' /proc/$main/task/*/status | awk '{ sum += $1 } END { print sum }'; }
    used() { sed -n 's/^usage_usec //p' /sys/fs/cgroup/system.slice/extbackup.service/cpu.stat; }
    filter=; for thread in /proc/$main/task/*; do filter="\${filter:+$filter || }pid == \${thread##*/}"; done
    cd ${tracing}; echo 0 > tracing_on; echo mono > trace_clock
    echo "$filter" > events/sched/sched_wakeup/filter; echo 1 > events/sched/sched_wakeup/enable; echo > trace; echo 1 > tracing_on
    echo "before $(switches) $(used)"; cut -d ' ' -f 1 /proc/uptime
    sleep ${String(minutes * 60)}
    echo "after $(switches) $(used)"
    echo 0 > tracing_on; echo 0 > events/sched/sched_wakeup/enable; echo 0 > events/sched/sched_wakeup/filter; cat trace`,
    { timeoutMs: minutes * 60_000 + 60_000 },
  );
  return parseRest(text, minutes);
}

/** Parses the answer of the guest. */
export function parseRest(text: string, minutes: number): Rest {
  const counts = (name: string): number[] =>
    new RegExp(`^${name} (\\d+) (\\d+)$`, 'm').exec(text)?.slice(1).map(Number) ?? [];
  const [switchesBefore = Number.NaN, usedBefore = Number.NaN] = counts('before');
  const [switches = Number.NaN, used = Number.NaN] = counts('after');
  const begin = Number(/^\d+\.\d+$/m.exec(text)?.[0]);
  const wakeUps = [
    ...text.matchAll(/^ *(\S.*)-(\d+) +\[\d+\] +\S+ +(\d+\.\d+): sched_wakeup: comm=(.*) pid=\d+ prio/gm),
  ].map(([, by = '', pid, at, thread = '']) => ({ at: Number(at) - begin, thread, by: pid === '0' ? 'timer' : by }));
  return { minutes, wakeUps, switches: switches - switchesBefore, cpuMs: (used - usedBefore) / 1000 };
}
