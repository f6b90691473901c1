import { readFile, writeFile } from 'node:fs/promises';
import type { RunCommand } from '../system/command.ts';

/**
 * Keeps this process, and every program that it starts from now on, from ever leaving a core file: the limit is 0, and
 * for a core that is piped to a program instead (core(5): then the limit does not count) no memory goes into it.
 * Other users cannot look into a root process anyway; that root itself could, only the kernel's lockdown prevents.
 */
export async function forbidCoreDumps(run: RunCommand): Promise<void> {
  await writeFile('/proc/self/coredump_filter', '0');
  await run({ file: '/usr/bin/prlimit', args: ['--pid', String(process.pid), '--core=0:0'], timeoutMs: 10_000 });
}

/** A way in which memory of a process may reach a disk although we never write it there. */
export interface MemoryLeak {
  readonly what: string;
  readonly todo: string;
}

/**
 * What is left on this machine that could write a process's memory to a disk: the command line tools cannot keep
 * themselves out of swap as the agent's unit does.
 */
export async function findMemoryLeaks(): Promise<MemoryLeak[]> {
  const leaks: MemoryLeak[] = [];
  const plain = await plainSwap();
  if (plain.length > 0) {
    leaks.push({ what: `Swap is not encrypted: ${plain.join(', ')}.`, todo: 'Encrypt it with a random key (see crypttab(5), option swap), use zram, or turn it off: swapoff -a' });
  }
  if (!/^(?:0:0)?$/.test(await readText('/sys/power/resume'))) {
    leaks.push({ what: 'Hibernation is set up: it writes all memory, keys too, to a disk.', todo: 'Turn it off: systemctl mask hibernate.target hybrid-sleep.target, and remove resume= from the kernel command line.' });
  }
  if ((await readText('/sys/kernel/kexec_crash_loaded')) === '1') {
    leaks.push({ what: 'A crash kernel (kdump) is loaded: after a kernel crash it writes memory, keys too, to a disk.', todo: 'Turn it off: systemctl disable --now kdump-tools' });
  }
  return leaks;
}

/** Swap areas of proc_swaps(5) that are neither compressed RAM nor on a dm-crypt mapping. */
async function plainSwap(): Promise<string[]> {
  const names = (await readText('/proc/swaps')).split('\n').slice(1).flatMap((line) => line.split(/\s+/, 1)).filter((name) => name !== '');
  const safe = await Promise.all(names.map(async (name) => {
    const kname = name.replace(/^\/dev\//, '');
    return kname.startsWith('zram') || (await readText(`/sys/class/block/${kname}/dm/uuid`)).startsWith('CRYPT-');
  }));
  return names.filter((_, index) => safe[index] !== true);
}

async function readText(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch {
    return ''; // this kernel has no such thing
  }
}
