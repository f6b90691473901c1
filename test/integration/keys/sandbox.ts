import { spawnSync } from 'node:child_process';
import { inject } from 'vitest';

/** How a script in {@link inSandbox} ended. */
export interface SandboxResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const setUp = `
set -eu
room=$(mktemp -d)
mount -t tmpfs -o mode=0755 tmpfs "$room"
cp -a /etc "$room/etc"
mkdir -p "$room/mnt" "$room/run" "$room/home" "$room/root" "$room/bin"
rm -rf "$room/etc/extbackup"
for place in etc mnt run home root; do mount --bind "$room/$place" "/$place"; done
cd /
extbackup() { "$NODE" "$PROGRAM/cli.js" "$@"; }
set +e
`;

/**
 * Runs a bash script in a mount namespace of its own with a private, writable /etc, /mnt, /run, /home and /root, so that
 * real mounts and the real places are used and nothing of it outlives the script. `extbackup` is the bundled
 * program, "$room/bin" a directory for stand-ins. Needs root, or a kernel with user namespaces.
 */
export function inSandbox(script: string, timeoutMs = 120_000): SandboxResult {
  const asRoot = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const { status, stdout, stderr, error } = spawnSync(
    '/usr/bin/unshare',
    [...asRoot, '--mount', '--propagation', 'private', '/bin/bash', '-c', `${setUp}\n${script}`],
    {
      encoding: 'utf8',
      timeout: timeoutMs,
      env: {
        PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
        HOME: '/root',
        LC_ALL: 'C.UTF-8',
        PROGRAM: inject('program'),
        NODE: process.execPath,
      },
    },
  );
  if (error) throw error;
  return { code: status, stdout, stderr };
}
