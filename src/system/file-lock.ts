import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';

/** A lock that the kernel drops when its holder dies: there are no stale locks. */
export interface FileLock {
  release(): Promise<void>;
}

/**
 * Takes flock(2) on `file`, which is created when it is missing.
 * Node has no flock: flock(1) inherits the descriptor, and the lock belongs to the shared open file
 * (flock(2): locks are associated with an open file description).
 * @param waitMs time limit for another holder; 0 tries once
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

/** Runs flock(1) on an open descriptor; execa cannot pass one on. */
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
