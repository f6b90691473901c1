import { rest, type Guest } from '../guest.ts';
import type { BackupServer } from '../backup-server.ts';

/**
 * Points at which a run can be paused. Scripts that wait, before or after the real work, replace programs of the station
 * and the server's rsync; extbackup knows nothing of them.
 */
export const pausePoints = {
  recognised: 'lsblk',
  'waiting for key': 'no key',
  waking: 'dd',
  opening: 'after-cryptsetup-open', // open, but the agent does not know it yet
  checking: 'e2fsck',
  mounting: 'mount',
  label: 'after-mount', // mounted, but LABEL is not read yet
  'pulling early': 'server 0', // connected, no data yet
  'pulling middle': 'server 3000000', // this many bytes were received
  'pulling late': 'server 6291456', // everything except the end of the last file
  deleting: 'deletion', // moved to the history, but the directories do not have their times yet
  flushing: 'sync',
  stamping: 'after-sync', // flushed, but LABEL is not stamped yet
  pruning: 'prune', // stamped, but an old entry, moved aside, is not removed yet
  unmounting: 'umount',
  closing: 'cryptsetup-close',
  notifying: 'notice',
} as const;

export type PausePoint = keyof typeof pausePoints;

const tools = [
  '/usr/bin/lsblk',
  '/usr/bin/dd',
  '/usr/sbin/cryptsetup',
  '/usr/sbin/e2fsck',
  '/usr/bin/mount',
  '/usr/bin/bwrap',
  '/usr/bin/sync',
  '/usr/bin/umount',
  '/usr/bin/rm',
];
const flags = '/run/extbackup/pause';
/** The server's /run/pause, as a path on the station: the server has its own mount namespace. */
const serverFlags = '/proc/$(cat /run/lab-server.pid)/root/run/pause';
/** Text that the server's rsync writes to standard error when it continues. */
export const serverLie = '/proc/$(cat /run/lab-server.pid)/root/run/lie';
/** While it exists, runs write here a description of the disk after mounting and before unmounting. */
export const stock = '/run/extbackup/stock';
/** The notices to the operator, one JSON object per line; a power cut does not lose them, like a mailbox. */
export const notices = '/var/lib/extbackup/lab-notices';

/** Describes a tree without extbackup; works on both machines. */
export const describeTree =
  "find . \\( -type d -printf '%P %y %m %U:%G %T@\\n' -o -printf '%P %y %m %U:%G %s %T@ %l\\n' \\) | sort; find . -type f -exec md5sum {} + | sort -k 2";

const wait = `gate() {
  [ -e ${flags}/$1 ] || return 0
  : > ${flags}/reached
  while [ -e ${flags}/$1 ]; do sleep 0.1; done
}`;

const cover = `#!/bin/sh
${wait}
take_stock() {
  [ -d ${stock} ] || return 0
  rm -rf /mnt/plaintext/filler
  { stat -c %Y /mnt/plaintext/LABEL; cat /mnt/plaintext/backups/docs/kept; echo; cd /mnt/plaintext/backups; ${describeTree}; } > ${stock}/$1 2>&1
}
tool=\${0##*/}
point=$tool
case $tool in
  cryptsetup) point=cryptsetup-$1 ;;
  rm) case " $* " in *" --one-file-system "*) point=prune ;; esac ;;
  bwrap) case " $* " in *"/tar --extract "*" -C /mnt/plaintext/backups "*) point=deletion ;; esac ;; # what starts tar
  umount) case "$*" in /mnt/plaintext) (take_stock leave) ;; esac ;;
esac
gate "$point"
case $point:$* in
  mount:*" /mnt/plaintext" | cryptsetup-open:* | sync:*)
    /opt/real/$tool "$@"
    code=$?
    [ $point:$code = mount:0 ] && (take_stock find)
    gate "after-$point"
    exit $code ;;
esac
exec /opt/real/$tool "$@"
`;

const notice = `#!/bin/sh
${wait}
gate notice
cat >> ${notices}
exec /opt/real/sync ${notices}
`;

/** Passes this many bytes of rsync's output unbuffered: both ends of rsync would wait for bytes in a buffer. */
const serverCover = `#!/usr/bin/python3
import os, signal, sys, time
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
real = ['/opt/real/rsync', *sys.argv[1:]]
try:
    with open('/run/pause/pull') as flag:
        left = int(flag.read())
except FileNotFoundError:
    os.execv(real[0], real)
source, sink = os.pipe()
if os.fork() == 0:
    os.dup2(sink, 1)
    os.close(source)
    os.execv(real[0], real)
os.close(sink)
def pass_on(most):
    data = os.read(source, most)
    if not data:
        sys.exit()
    passed = 0
    while passed < len(data):
        passed += os.write(1, data[passed:])
    return passed
while left > 0:
    left -= pass_on(min(left, 65536))
open('/run/pause/reached', 'w').close()
while os.path.exists('/run/pause/pull'):
    time.sleep(0.1)
try:
    with open('/run/lie', 'rb') as lie:
        os.write(2, lie.read())
    os.remove('/run/lie')
except FileNotFoundError:
    pass
while True:
    pass_on(65536)
`;

/** Replaces the programs on both machines; needed again after a boot. */
export async function coverTools(guest: Guest, server: BackupServer): Promise<void> {
  await guest.run(['sh', '-c', 'mkdir -p /opt/real /opt/cover; cat > /opt/cover/cover; chmod 755 /opt/cover/cover'], {
    input: cover,
  });
  await guest.run(['sh', '-c', 'cat > /opt/cover/notice; chmod 755 /opt/cover/notice'], { input: notice });
  await guest.shell(
    `cp -p ${tools.join(' ')} /opt/real; for tool in ${tools.join(' ')}; do cp -p /opt/cover/cover $tool.new; /usr/bin/mv $tool.new $tool; done`,
  );
  await server.shell(
    'mkdir -p /opt/real; cp -p /usr/bin/rsync /opt/real; cat > /usr/bin/rsync.new; chmod 755 /usr/bin/rsync.new; mv /usr/bin/rsync.new /usr/bin/rsync',
    { input: serverCover },
  );
  await guest.shell('/opt/real/sync');
}

/** Makes the next run pause at this point. */
export async function pauseAt(guest: Guest, point: PausePoint): Promise<void> {
  const [kind = '', bytes] = pausePoints[point].split(' ');
  // The next run's history has an entry too many, and an old one goes.
  if (point === 'pruning')
    await guest.shell("echo 'history: {keep: {count: 1, atLeast: 0s}}' >> /etc/extbackup/config.yaml");
  if (point === 'waiting for key') await guest.shell('rm /mnt/ramfs/luks_pw');
  else if (kind === 'server') await guest.shell(`mkdir -p ${serverFlags}; echo ${bytes ?? ''} > ${serverFlags}/pull`);
  else await guest.shell(`mkdir -p ${flags}; touch ${flags}/${kind}`);
}

export async function waitForPause(guest: Guest, point: PausePoint): Promise<void> {
  const reached =
    point === 'waiting for key'
      ? 'grep -q \'"state":"waiting-for-key"\' /run/extbackup/status.json'
      : `[ -e ${flags}/reached ] || [ -e ${serverFlags}/reached ]`;
  await guest.waitThrough(`the run to stand still while ${point}`, `until ${reached}; do ${rest}; done`, 120_000);
}

/** rsync's own time limit ends a pull that is paused too long: the fault would then hit a run that waits for its next try. */
export async function assertStandsStill(guest: Guest, point: PausePoint): Promise<void> {
  if (!pausePoints[point].startsWith('server')) return;
  const status = await guest.ask('cat /run/extbackup/status.json');
  if (!status.includes('"phase":"pulling"')) throw new Error(`the run does not stand still any more: ${status}`);
}

/** Continues the paused program, and does not pause later ones. */
export async function goOn(guest: Guest): Promise<void> {
  await guest.shell(`rm -rf ${flags} ${serverFlags}`);
}
