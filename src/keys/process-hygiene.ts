import { writeFile } from 'node:fs/promises';
import type { RunCommand } from '../system/command.ts';

/**
 * Keeps this process, and every program that it starts from now on, from ever leaving a core file: the limit is 0, and
 * for a core that is piped to a program instead (core(5): then the limit does not count) no memory goes into it.
 * Other users cannot look into a root process anyway; that root itself could, only the kernel's lockdown prevents.
 * Unlike the agent, a command cannot keep itself out of swap: `doctor` tells what on this machine could write memory to a disk.
 */
export async function forbidCoreDumps(run: RunCommand): Promise<void> {
  await writeFile('/proc/self/coredump_filter', '0');
  await run({ file: '/usr/bin/prlimit', args: ['--pid', String(process.pid), '--core=0:0'], timeoutMs: 10_000 });
}
