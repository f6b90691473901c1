import { readFile, writeFile } from 'node:fs/promises';
import { readIfThere } from '../system/atomic-file.ts';
import { CommandError, type StartProgram } from '../system/command.ts';
import { pause } from '../system/pause.ts';
import { requireRoot } from '../system/require-root.ts';

/**
 * Keeps the memory of this process, and of every program that it starts from now on, off the disk: no core file, and no
 * swap where systemd can see to that. `doctor` tells what remains.
 * Other users cannot look into a root process: ptrace(2) and /proc/PID/mem are refused to them. Root can, and can read the
 * key itself.
 * @throws UsageError when this is no root process
 */
export async function protectMemory(start: StartProgram): Promise<void> {
  requireRoot('touch the keys');
  await Promise.all([forbidCoreDumps(start), stayOutOfSwap(start)]);
}

/**
 * The limit is 0, and for a core that is piped to a program instead (core(5): then the limit does not count) no memory goes
 * into it.
 */
export async function forbidCoreDumps(start: StartProgram): Promise<void> {
  await writeFile('/proc/self/coredump_filter', '0');
  await start({ file: '/usr/bin/prlimit', args: ['--pid', String(process.pid), '--core=0:0'], timeoutMs: 10_000 });
}

/**
 * Asks systemd to move this process into a scope of its own that is never swapped; see systemd.scope(5). Not where there is no
 * swap, and not the main process of a unit, which stays with its unit's settings.
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

/** As busctl(1) wants an a(sv): how many, then name, type and value of each. */
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
