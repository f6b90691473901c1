import { spawnSync } from 'node:child_process';

/** How a script in a sandbox ended. */
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
# The iterations of the ssh key's container take longer than most tests: fewer here, except after stock_openssl.
cp /usr/bin/openssl "$room/openssl"
cat >"$room/quick-openssl" <<END
#!/bin/bash
exec -a openssl "$room/openssl" "\\\${@/#600000/1000}"
END
chmod 755 "$room/quick-openssl"
mount --bind "$room/quick-openssl" /usr/bin/openssl
stock_openssl() { umount /usr/bin/openssl; }
extbackup() { "$NODE" "$PROGRAM/cli.js" "$@"; }
# A station as "extbackup setup" leaves it; its password is the first argument.
ready_station() {
  mkdir -p /run/extbackup/spool /etc/extbackup /mnt/ramfs
  mount -t ramfs -o mode=0700 ramfs /mnt/ramfs
  cp -a "$STATIONS/$1/etc/." /etc/extbackup/
  cp -a "$STATIONS/$1/ram/." /mnt/ramfs/
}
set +e
`;

/** What was made before the first test. */
export interface Prepared {
  /** Directory of the bundled program. */
  readonly program: string;
  /** Directory of the stations that are set up, each in a directory with its password's name. */
  readonly stations: string;
}

/** See `inSandbox`; for what is not part of a test. */
export function runInSandbox({ program, stations }: Prepared, script: string, timeoutMs: number): SandboxResult {
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
        PROGRAM: program,
        STATIONS: stations,
        NODE: process.execPath,
      },
    },
  );
  if (error) throw error;
  return { code: status, stdout, stderr };
}
