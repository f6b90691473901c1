import { spawnSync } from 'node:child_process';
import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** How a script in a sandbox ended. */
export interface SandboxResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const setUp = `
set -eu
# Few programs, because every sandbox starts them.
room=$(mktemp -d -p "$ROOMS")
mount -t tmpfs -o mode=0755 tmpfs "$room"
mkdir "$room/etc" "$room/mnt" "$room/run" "$room/home" "$room/root" "$room/bin" "$room/changes" "$room/work"
mount -t overlay -o "lowerdir=/etc,upperdir=$room/changes,workdir=$room/work" overlay "$room/etc" 2>/dev/null || cp -a /etc/. "$room/etc"
[ ! -e "$room/etc/extbackup" ] || rm -r "$room/etc/extbackup"
{
  for place in etc mnt run home root; do echo "$room/$place /$place none bind"; done
  echo "$ROOMS/quick-openssl /usr/bin/openssl none bind"
} >"$room/mounts"
mount --all --fstab "$room/mounts"
cd /
stock_openssl() { umount /usr/bin/openssl; }
# A key of 4096 bits takes seconds to make. What ssh-keygen is told is in /run/asked.
short_rsa_keys() {
  cp /usr/bin/ssh-keygen "$room/keygen"
  printf '#!/bin/bash\necho "$*" >>/run/asked\nexec "%s" "\${@/#4096/1024}"\n' "$room/keygen" >"$room/bin/ssh-keygen"
  chmod +x "$room/bin/ssh-keygen"; mount --bind "$room/bin/ssh-keygen" /usr/bin/ssh-keygen
}
extbackup() { "$NODE" "$PROGRAM/cli.js" "$@"; }
# As after a boot, and after "extbackup lock", which takes a start of the program.
no_key() { rm -f /mnt/ramfs/* /mnt/ramfs/.[!.]*; }
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
  /** Directory for the files of each sandbox, from {@link makeRooms}. */
  readonly rooms: string;
  /** Directory of `preparedPackage`. */
  readonly packages: string;
}

/** The iterations of the ssh key's container take longer than most tests: fewer in a sandbox, except after stock_openssl. */
const quickOpenssl = (stock: string): string => `#!/bin/bash
exec -a openssl '${stock}' "\${@/#600000/1000}"
`;

/** Makes the directory {@link Prepared.rooms}. */
export async function makeRooms(rooms: string): Promise<void> {
  await mkdir(rooms);
  const stock = join(rooms, 'openssl');
  await copyFile('/usr/bin/openssl', stock);
  await chmod(stock, 0o755);
  await writeFile(join(rooms, 'quick-openssl'), quickOpenssl(stock), { mode: 0o755 });
}

/** Where standard input is a socket, bash takes itself for started by rshd, and reads the .bashrc of who runs the tests. */
const bash = ['/bin/bash', '--norc', '-c'];

/** See `inSandbox`; for what is not part of a test. */
export function runInSandbox({ program, stations, rooms }: Prepared, script: string, timeoutMs: number): SandboxResult {
  const asRoot = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const { status, stdout, stderr, error } = spawnSync(
    '/usr/bin/unshare',
    [...asRoot, '--mount', '--propagation', 'private', ...bash, `${setUp}\n${script}`],
    {
      encoding: 'utf8',
      timeout: timeoutMs,
      env: {
        PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
        HOME: '/root',
        LC_ALL: 'C.UTF-8',
        PROGRAM: program,
        STATIONS: stations,
        ROOMS: rooms,
        NODE: process.execPath,
      },
    },
  );
  if (error) throw error;
  return { code: status, stdout, stderr };
}
