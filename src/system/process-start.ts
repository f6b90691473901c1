import { readFile } from 'node:fs/promises';

/**
 * The start of a process, in clock ticks since boot: with the process id it identifies one process, even when ids are
 * used again. Field 22 of /proc/PID/stat, see proc_pid_stat(5).
 * @returns undefined when there is no such process
 */
export async function readProcessStart(pid: number): Promise<string | undefined> {
  try {
    return parseProcessStart(await readFile(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return undefined; // it has ended
  }
}

/** The name of a program, field 2, may hold blanks and brackets: count from the last bracket. */
export function parseProcessStart(stat: string): string | undefined {
  const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' || state === 'X' ? undefined : rest[18];
}
