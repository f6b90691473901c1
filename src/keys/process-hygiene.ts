import { readFile, writeFile } from 'node:fs/promises';
import { readIfThere } from '../system/atomic-file.ts';
import { CommandError, type StartProgram } from '../system/command.ts';
import { pause } from '../system/pause.ts';
import { requireRoot } from '../system/require-root.ts';

/**
 * Keeps the memory of this process, and of every program that it starts from now on, off the disk: no core file, and no
 * swap if systemd can prevent it. `doctor` reports the remaining risks. Other users cannot look into a root process:
 * ptrace(2) and /proc/PID/mem refuse them. Root can, but root can read the key anyway.
 * @throws UsageError when this is not a root process
 */
export async function protectMemory(start: StartProgram): Promise<void> {
  requireRoot('touch the keys');
  await Promise.all([forbidCoreDumps(start), stayOutOfSwap(start)]);
}

/**
 * Sets the core limit to 0, and excludes all memory from a core that is piped to a program (the limit does not apply to
 * that; see core(5)).
 */
export async function forbidCoreDumps(start: StartProgram): Promise<void> {
  await writeFile('/proc/self/coredump_filter', '0');
  await start({ file: '/usr/bin/prlimit', args: ['--pid', String(process.pid), '--core=0:0'], timeoutMs: 10_000 });
}

/**
 * Asks systemd to move this process into its own scope without swap; see systemd.scope(5). Does nothing without swap,
 * or for the main process of a unit, where the unit's settings apply.
 */
async function stayOutOfSwap(start: StartProgram): Promise<void> {
  const swaps = (await readIfThere('/proc/swaps'))?.trim().split('\n').length ?? 0;
  if (swaps < 2 || process.ppid === 1) return; // the first line is a heading
  const scope = `extbackup-${process.pid}.scope`;
  try {
    await start({
      file: '/usr/bin/busctl',
      args: [
        '--quiet',
        'call',
        ...manager,
        'StartTransientUnit',
        'ssa(sv)a(sa(sv))',
        scope,
        'fail',
        ...properties(process.pid),
        '0',
      ],
      timeoutMs: 10_000,
    });
  } catch (error) {
    if (error instanceof CommandError) return; // no systemd, or no bus
    throw error;
  }
  for (let tries = 0; tries < 100 && !(await readFile('/proc/self/cgroup', 'utf8')).includes(scope); tries += 1)
    await pause(10, new AbortController().signal);
}

const manager = ['org.freedesktop.systemd1', '/org/freedesktop/systemd1', 'org.freedesktop.systemd1.Manager'];

/** An a(sv) for busctl(1): the number of entries, then name, type and value of each. */
const properties = (pid: number): string[] => [
  '4',
  'Description',
  's',
  'A command of extbackup that holds a key',
  'PIDs',
  'au',
  '1',
  String(pid),
  'MemorySwapMax',
  't',
  '0',
  'CollectMode',
  's',
  'inactive-or-failed',
];
