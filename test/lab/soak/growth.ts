/** Resources of the agent and the machine after a cycle, without a plugged disk. */
export interface Sample {
  readonly cycle: number;
  /** Memory can be compared only within the life of one agent. */
  readonly pid: number;
  /** Resident memory of the agent, KiB. */
  readonly memory: number;
  readonly descriptors: number;
  readonly watches: number;
  /** Of the agent's unit. */
  readonly processes: number;
  /** In the agent's mount namespace. */
  readonly mounts: number;
  /** Device mappings of the machine. */
  readonly mappings: number;
  /** All mounts that the rest of the machine sees. */
  readonly machineMounts: number;
  /** All processes of the machine except kernel threads. */
  readonly machineProcesses: number;
  /** Kernel memory that cannot be reclaimed, KiB. */
  readonly kernelMemory: number;
}

export type Measured = Exclude<keyof Sample, 'cycle'>;

/** What is measured, in this order. */
export const measured: readonly Measured[] = [
  'pid',
  'memory',
  'descriptors',
  'watches',
  'processes',
  'mounts',
  'mappings',
  'machineMounts',
  'machineProcesses',
  'kernelMemory',
];

/** Allowed growth from start to end. Memory: V8 collects late; 200 runs show a leak of 100 KiB per run. */
const allowed: Readonly<Record<Exclude<Measured, 'pid'>, number>> = {
  memory: 20_000,
  descriptors: 2,
  watches: 0,
  processes: 0,
  mounts: 0,
  mappings: 0,
  machineMounts: 0,
  machineProcesses: 3,
  kernelMemory: 30_000,
};

/** The resources that grew, in words. Compares the medians of the first and the last third of the present agent's life. */
export function findGrowth(samples: readonly Sample[]): string[] {
  const agent = samples.filter(({ pid }) => pid === samples.at(-1)?.pid);
  const third = Math.max(1, Math.floor(agent.length / 3));
  return (Object.keys(allowed) as (keyof typeof allowed)[]).flatMap((name) => {
    // Resources that outlive an agent are compared from the start.
    const all = name.startsWith('machine') || name === 'mappings' || name === 'kernelMemory' ? samples : agent;
    const span = all === samples ? Math.max(1, Math.floor(samples.length / 3)) : third;
    const [first, last] = [
      median(all.slice(0, span).map((sample) => sample[name])),
      median(all.slice(-span).map((sample) => sample[name])),
    ];
    return last - first > allowed[name] ? [`${name}: ${String(first)} at first, ${String(last)} at the end`] : [];
  });
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
