import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The number of programs of this service that the kernel has killed for lack of memory, since the service was started.
 * @see the kernel's cgroup-v2 documentation, memory.events
 * @returns undefined if they are not counted
 */
export async function readOomKills(proc = '/proc', cgroups = '/sys/fs/cgroup'): Promise<number | undefined> {
  try {
    const own = /^0::(\/.*)$/m.exec(await readFile(join(proc, 'self/cgroup'), 'utf8'))?.[1];
    if (own === undefined) return undefined;
    const service = own.replace(/\.service\/.*$/, '.service'); // commands after the service run in a group below it
    return parseOomKills(await readFile(join(cgroups, service, 'memory.events'), 'utf8'));
  } catch {
    return undefined;
  }
}

/** The line `oom_kill N`. */
function parseOomKills(text: string): number | undefined {
  const found = /^oom_kill (\d+)$/m.exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}
