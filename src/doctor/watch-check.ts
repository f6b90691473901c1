import { watch } from 'node:fs';
import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { count } from '../text/wording.ts';
import { ok, warn, type Check } from './check.ts';

/** Where the numbers come from; tests have their own. */
export interface WatchSight {
  readonly proc: string;
  /** Takes and gives back one watch; throws when there is none left. */
  readonly probe: () => void;
}

const machine: WatchSight = {
  proc: '/proc',
  probe: () => {
    watch('/').close();
  },
};

/** Fewer than that are soon used up. */
const fewInstances = 8;

/** Whether the kernel can tell of changes: the agent notices keys, requests and plugged disks by inotify. */
export const watchCheck = (sight: WatchSight = machine): Check => ({
  name: 'watches',
  check: async () => {
    const limit = Number(await readFile(join(sight.proc, 'sys/fs/inotify/max_user_instances'), 'utf8'));
    const used = await countInstances(sight.proc);
    const numbers = `root uses ${used} of ${count(limit, 'inotify instance')}`;
    const raise =
      'See which programs use them up, or raise the limit: ' +
      `sysctl fs.inotify.max_user_instances=${Math.max(512, limit * 4)} , and for good in /etc/sysctl.d`;
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
