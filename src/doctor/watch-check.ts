import { watch } from 'node:fs';
import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { count } from '../text/wording.ts';
import { ok, warn, type Check } from './check.ts';

/** The sources of the numbers; tests have their own. */
export interface WatchSight {
  readonly proc: string;
  /** Takes and releases one watch; throws when none is left. */
  readonly probe: () => void;
}

const machine: WatchSight = {
  proc: '/proc',
  probe: () => {
    watch('/').close();
  },
};

/** Warn below this number of free instances. */
const fewInstances = 8;

/** Whether the kernel can report changes: the agent notices keys, requests and plugged disks by inotify. */
export const watchCheck = (sight: WatchSight = machine): Check => ({
  name: 'watches',
  check: async () => {
    const limit = Number(await readFile(join(sight.proc, 'sys/fs/inotify/max_user_instances'), 'utf8'));
    const used = await countInstances(sight.proc);
    const numbers = `root uses ${used} of ${count(limit, 'inotify instance')}`;
    const raise =
      'Find the programs that use them up, or raise the limit: ' +
      `sysctl fs.inotify.max_user_instances=${Math.max(512, limit * 4)} , and permanently in /etc/sysctl.d`;
    try {
      sight.probe();
    } catch (error) {
      const { code = 'unknown reason' } = error as NodeJS.ErrnoException;
      const what = code === 'ENOSPC' ? 'inotify watch (fs.inotify.max_user_watches)' : 'inotify instance';
      return warn(
        `No ${what} is left (${code}): ${numbers}. The agent falls back to polling, and notices everything a second later.`,
        code === 'ENOSPC' ? raise.replace(/sysctl \S+/, 'sysctl fs.inotify.max_user_watches=524288') : raise,
      );
    }
    if (limit - used < fewInstances) return warn(`Few inotify instances are left: ${numbers}.`, raise);
    return ok(`Changes can be watched: ${numbers}.`);
  },
});

/** The limit is one for each user. */
async function countInstances(proc: string): Promise<number> {
  let found = 0;
  for (const pid of (await readdir(proc)).filter((name) => /^\d+$/.test(name))) {
    try {
      if ((await stat(join(proc, pid))).uid !== process.getuid?.()) continue;
      for (const fd of await readdir(join(proc, pid, 'fd'))) {
        const target = await readlink(join(proc, pid, 'fd', fd)).catch(() => '');
        if (target === 'anon_inode:inotify') found += 1;
      }
    } catch {
      // it has ended meanwhile
    }
  }
  return found;
}
