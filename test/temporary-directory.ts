import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const memory = '/dev/shm';
const leastRoom = 2 ** 30;

/**
 * Where tests make their files: in memory, because they make and flush many small ones, which a disk takes long for.
 * On a disk where the memory is short, or cannot hold all that a disk can: extended attributes came with Linux 6.6.
 */
export function temporaryDirectory(): string {
  return process.env['TMPDIR'] ?? (holdsAll() ? memory : tmpdir());
}

function holdsAll(): boolean {
  try {
    const { bavail, bsize } = statfsSync(memory);
    return bavail * bsize >= leastRoom && takesAttributes();
  } catch {
    return false;
  }
}

/** Attributes, and a program that is started. */
function takesAttributes(): boolean {
  const directory = mkdtempSync(join(memory, 'extbackup-probe-'));
  try {
    const script = 'cp /bin/true probe && ./probe && setfattr -n user.probe -v 1 probe && setfacl -m u:1:r probe';
    return spawnSync('/bin/sh', ['-c', script], { cwd: directory }).status === 0;
  } finally {
    rmSync(directory, { recursive: true });
  }
}
