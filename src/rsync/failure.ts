import { PullError, type ExtbackupError } from '../errors.ts';

/** Why a pull ended, as far as the next step depends on it. */
export type PullTrouble =
  | 'network' // worth another try
  | 'stalled' // nothing moved for too long; worth another try
  | 'stuck' // it cannot be ended: it hangs in the kernel
  | 'no-link' // the unit that connects cannot be started
  | 'no-rsync' // text where rsync's protocol should be
  | 'host-key'
  | 'login'
  | 'refused' // by the server's forced command
  | 'no-directory'
  | 'disk-full'
  | 'disk-error'
  | 'gaps' // rsync 23: some files could not be read or written
  | 'failed';

/**
 * Tells why rsync failed. Exit 12 alone means little: a refusal by rrsync, a missing directory and a dropped
 * connection all end with it, so standard error decides; see rsync(1), EXIT VALUES.
 */
export function classifyRsync(exitCode: number | undefined, stderr: string): PullTrouble {
  if (/Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED|No \S+ host key is known/.test(stderr))
    return 'host-key';
  if (
    /Permission denied \([a-z]|Too many authentication failures|Load key .*: |identity file .* not accessible/i.test(
      stderr,
    )
  )
    return 'login';
  if (/No space left on device|Disk quota exceeded/.test(stderr) || (exitCode === 11 && /\(28\)/.test(stderr)))
    return 'disk-full';
  if (
    /Input\/output error|Read-only file system|Structure needs cleaning/.test(stderr) &&
    !/\(sender\)|rsync: \[sender\]/.test(ioLines(stderr))
  )
    return 'disk-error';
  if (
    /rrsync(?: error)?:|SSH_ORIGINAL_COMMAND|invalid rsync-command|option .* (?:is not allowed|has been disabled)/i.test(
      stderr,
    )
  ) {
    return /chdir|does not exist|No such file/i.test(stderr) ? 'no-directory' : 'refused';
  }
  if (/sudo: .*(?:password|not allowed|required)|command not found/i.test(stderr)) return 'refused';
  if (
    /(?:change_dir|link_stat) .* failed: (?:No such file or directory|Not a directory)|Restricted directory does not exist/.test(
      stderr,
    )
  )
    return 'no-directory';
  if (exitCode === 2 && /is your shell clean|protocol version mismatch/.test(stderr)) return 'no-rsync';
  if (exitCode !== undefined && connectionBroke.includes(exitCode)) return 'network';
  if (exitCode === 11 || exitCode === outputLost) return 'disk-error';
  return exitCode === 23 ? 'gaps' : 'failed';
}

/** Our rsync's standard output is a file on the disk, which did not take it. */
export const outputLost = 13;

/** Why the disk did not take something of ours; undefined when it is not the disk's fault. */
export function troubleOfDisk(error: unknown): 'disk-full' | 'disk-error' | undefined {
  const { code = '' } = error as NodeJS.ErrnoException;
  if (['ENOSPC', 'EDQUOT'].includes(code)) return 'disk-full';
  return ['EIO', 'EROFS'].includes(code) ? 'disk-error' : undefined;
}

/** 255 is ssh's own; 5, 10, 12, 30 and 35 are rsync's for a protocol that never started, a socket, a stream, two time-outs. */
const connectionBroke: readonly number[] = [255, 5, 10, 12, 30, 35];

const ioLines = (stderr: string): string =>
  stderr
    .split('\n')
    .filter((line) => /Input\/output error|Read-only|Structure/.test(line))
    .join('\n');

/** The operator's words for a trouble; `server` is USER@HOST. */
export function pullError(trouble: PullTrouble, server: string, cause: unknown): ExtbackupError {
  const [code, happened, todo] = words[trouble](server);
  return new PullError(code, happened, todo, cause);
}

type Words = (server: string) => readonly [code: `EXB_${string}`, happened: string, todo: string];

const words: Record<PullTrouble, Words> = {
  network: (server) => [
    'EXB_NETWORK',
    `The server ${server} could not be reached, or the connection broke.`,
    'Check the network and the server, then plug the disk in again or run: extbackup run',
  ],
  stalled: (server) => [
    'EXB_STALLED',
    `Nothing moved between the server ${server} and the disk for longer than pull.stallTimeout allows.`,
    'Check the network, the server and the cable of the disk, then plug the disk in again or run: extbackup run',
  ],
  stuck: () => [
    'EXB_STALLED',
    'The pull hangs in the kernel and cannot be ended; most often the backup disk does not answer.',
    'Check cable and power of the disk. If it cannot be released, restart this machine before it is used again, and replace the disk if this comes back.',
  ],
  'no-link': (server) => [
    'EXB_LINK',
    `The server ${server} was not asked: extbackup-link@.service, which connects to it, cannot be started.`,
    'See whether it is masked or gone: systemctl cat extbackup-link@ ; unmask it, or install the package again.',
  ],
  'no-rsync': (server) => [
    'EXB_NO_RSYNC',
    `The server ${server} let us in, but what it sent is not rsync's: some text comes first, or its rsync does not fit.`,
    "Let nothing be printed when the backup's user logs in without a terminal (start files of its shell, sshrc), then run on the server again what this prints: extbackup server-setup",
  ],
  'host-key': (server) => [
    'EXB_HOST_KEY',
    `The server ${server} did not show the host key that is pinned here; nothing was sent to it.`,
    'If the server was reinstalled, compare its fingerprint and pin it: extbackup setup --host-key SHA256:… ; otherwise find out who answers there.',
  ],
  login: (server) => [
    'EXB_LOGIN',
    `The server ${server} did not accept our ssh key.`,
    'Run on the server again what this prints: extbackup server-setup',
  ],
  refused: (server) => [
    'EXB_REFUSED',
    `The server ${server} refused the pull: its forced command or sudo does not allow it.`,
    'Run on the server again what this prints: extbackup server-setup',
  ],
  'no-directory': (server) => [
    'EXB_NO_SOURCE',
    `The directory to back up does not exist on the server ${server}.`,
    'Check that it is mounted there, and the path in source: of /etc/extbackup/config.yaml',
  ],
  'disk-full': () => [
    'EXB_DISK_FULL',
    'The backup disk is full; the mirror on it is incomplete.',
    'Use a larger disk: extbackup drive prepare --help ; or leave something out with pull.exclude',
  ],
  'disk-error': () => [
    'EXB_DISK_ERROR',
    'The backup disk reported errors or went away during the pull.',
    'Check cable and power, try again, and replace the disk if it happens twice.',
  ],
  gaps: (server) => [
    'EXB_GAPS',
    `Some files could not be read on ${server} or written to the disk; all others were copied.`,
    'Look into the log on the disk (.extbackup/last-run.log, with: extbackup mount), put it right and run again.',
  ],
  failed: (server) => [
    'EXB_PULL',
    `rsync failed while pulling from ${server}.`,
    'See: journalctl -u extbackup, and try: extbackup doctor',
  ],
};

/** Words for a source that has nothing where the disk has, or had, something. */
export function emptySource(server: string): ExtbackupError {
  return new PullError(
    'EXB_EMPTY_SOURCE',
    `The source on ${server} is empty: there was nothing to back up. Nothing was deleted on the disk.`,
    'Check that the directory on the server is the right one and that its file system is mounted.',
  );
}
