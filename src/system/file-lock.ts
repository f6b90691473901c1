import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';

/** A lock that the kernel drops when its holder dies, however it dies: a stale one cannot exist. */
export interface FileLock {
  release(): Promise<void>;
}

/**
 * Takes flock(2) on `file`, which is created when it is missing.
 * Node has no flock: flock(1) gets our descriptor, and the lock belongs to the open file that it shares with us
 * (flock(2): locks are associated with an open file description).
 * @param waitMs how long to wait for another holder; 0 asks once
 * @returns undefined when another process holds the lock for all that time
 */
export async function lockFile(file: string, waitMs = 0): Promise<FileLock | undefined> {
  const handle = await open(file, 'a', 0o600);
  try {
    const code = await flock(handle.fd, waitMs);
    if (code === 0) return { release: () => handle.close() };
    if (code !== conflict) throw new Error(`flock on ${file} failed`);
  } catch (error) {
    await handle.close();
    throw error;
  }
  await handle.close();
  return undefined;
}

const conflict = 75;

/** Runs flock(1) on a descriptor of ours; execa cannot hand one over. */
function flock(fd: number, waitMs: number): Promise<number | null> {
  const wait = waitMs === 0 ? ['--nonblock'] : ['--timeout', (waitMs / 1000).toFixed(3)];
  return new Promise((resolve, reject) => {
    const child = spawn('/usr/bin/flock', ['--exclusive', '--conflict-exit-code', String(conflict), ...wait, '3'], {
      stdio: ['ignore', 'ignore', 'ignore', fd],
      env: {},
    });
    child.once('error', reject);
    child.once('exit', resolve);
  });
}
