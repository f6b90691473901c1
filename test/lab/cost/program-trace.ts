/** Which programs are started, and by whom, by the kernel's own events; see Documentation/trace/events.rst. */
import type { Guest } from '../guest.ts';

/**
 * Who started a program: the agent, the service manager (units that it starts for the agent), udev, or neither of them,
 * such as the lab itself and the server.
 */
export type Starter = 'agent' | 'units' | 'udev' | 'others';

/** One start of a program: an exec. One process may start several programs, one after the other. */
export interface StartedProgram {
  /** In seconds, by the kernel's monotonic clock, as the journal has it. */
  readonly at: number;
  readonly program: string;
  readonly pid: number;
  readonly starter: Starter;
  /** Until its process ended; undefined if it goes on. */
  readonly tookS: number | undefined;
}

/** The result of a trace. */
export interface ProgramTrace {
  readonly programs: readonly StartedProgram[];
  /** Who started each process, by its id; threads have ids, too. */
  readonly starterOf: (pid: number) => Starter;
  /** Processes that ended meanwhile, by their starters. */
  readonly processes: Readonly<Record<Starter, number>>;
}

/** The processes at the begin of a trace: their control groups. */
export type Residents = ReadonlyMap<number, string>;

const tracing = '/sys/kernel/tracing';

/** Begins a trace of all starts. */
export async function beginTrace(guest: Guest): Promise<Residents> {
  const script = `cd ${tracing}; echo 0 > tracing_on; echo mono > trace_clock; echo 8000 > buffer_size_kb
    for what in fork exec exit; do echo 1 > events/sched/sched_process_$what/enable; done; echo > trace; echo 1 > tracing_on
    for process in /proc/[0-9]*; do
      if read -r group < "$process/cgroup"; then echo "\${process#/proc/} $group"; fi
    done 2>/dev/null`;
  return parseResidents(await guest.ask(script));
}

/** Ends it. */
export async function endTrace(guest: Guest, residents: Residents): Promise<ProgramTrace> {
  const text = await guest.ask(`cd ${tracing}; echo 0 > tracing_on; cat trace
    for what in fork exec exit; do echo 0 > events/sched/sched_process_$what/enable; done`);
  return parseTrace(text, residents);
}

/** Parses lines of `PID 0::/CONTROL/GROUP`. */
export const parseResidents = (text: string): Residents =>
  new Map([...text.matchAll(/^(\d+) 0::(\S+)$/gm)].map(([, pid, group = '']) => [Number(pid), group]));

/** Parses the text of a trace. */
export function parseTrace(text: string, residents: Residents): ProgramTrace {
  const parents = new Map<number, number>();
  const ended = new Map<number, number>();
  const starts: { readonly at: number; readonly program: string; readonly pid: number }[] = [];
  for (const [, time, what, facts = ''] of text.matchAll(/ (\d+\.\d+): sched_process_(fork|exec|exit): (.*)/g)) {
    const at = Number(time);
    const pid = Number(/\bpid=(\d+)/.exec(facts)?.[1]);
    if (what === 'fork') parents.set(Number(/\bchild_pid=(\d+)/.exec(facts)?.[1]), pid);
    else if (what === 'exec') starts.push({ at, program: /filename=(\S+)/.exec(facts)?.[1] ?? '', pid });
    else ended.set(pid, at);
  }
  const starterOf = (pid: number): Starter => {
    const parent = parents.get(pid);
    if (parent === 1) return 'units';
    return parent === undefined ? starterIn(residents.get(pid)) : starterOf(parent);
  };
  const programs = starts.map((start) => {
    const end = ended.get(start.pid);
    return { ...start, starter: starterOf(start.pid), tookS: end === undefined ? undefined : end - start.at };
  });
  const processes: Record<Starter, number> = { agent: 0, units: 0, udev: 0, others: 0 };
  for (const pid of new Set(programs.map((program) => program.pid))) processes[starterOf(pid)] += 1;
  return { programs, starterOf, processes };
}

function starterIn(group: string | undefined): Starter {
  if (group === '/system.slice/extbackup.service') return 'agent';
  return group?.startsWith('/system.slice/systemd-udevd.service') === true ? 'udev' : 'others';
}

/** How often each program was started by one of these, the most frequent first. */
export function countPrograms({ programs }: ProgramTrace, ...starters: readonly Starter[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { program, starter } of programs)
    if (starters.includes(starter)) counts.set(program, (counts.get(program) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([, one], [, other]) => other - one));
}

/** The sum of {@link countPrograms}. */
export const sumOf = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);
