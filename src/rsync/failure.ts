import { PullError, type ExtbackupError } from '../errors.ts';
import type { PullTrouble } from './verdict.ts';

/** Error codes of a disk that is broken, read-only, damaged or gone; see errno(3). */
const faultCodes: readonly string[] = [
  'EIO',
  'EROFS',
  'ENXIO',
  'ENODEV',
  'EREMOTEIO',
  'ESHUTDOWN',
  'ETIMEDOUT',
  'EBADMSG',
];

/** EUCLEAN, ENOMEDIUM, EMEDIUMTYPE: Node has no names for them. */
const faultNumbers: readonly number[] = [-117, -123, -124];

/** The trouble of a disk that did not accept a file; undefined for other errors. */
export function troubleOfDisk(error: unknown): 'disk-full' | 'disk-error' | undefined {
  const { code = '', errno = 0 } = error as NodeJS.ErrnoException;
  if (['ENOSPC', 'EDQUOT'].includes(code)) return 'disk-full';
  return faultCodes.includes(code) || faultNumbers.includes(errno) ? 'disk-error' : undefined;
}

/** The failure after which the same disk is tried again automatically: the connection failed, not the disk. */
const serverIsAway = 'EXB_NETWORK';

/** Whether a run that ended with this code goes on by itself when the server answers. */
export const waitsForServer = (code: string | null | undefined): boolean => code === serverIsAway;

/** The failure of a run over several sources with different reasons. */
export const mixedSources = 'EXB_SOURCES';

type Code = string | null | undefined;

/** Codes of a run that leave the results of its sources open. */
const ofSeveral: readonly Code[] = [mixedSources, 'EXB_HELD'];

/**
 * The same for a run over several sources. One server that was away is enough: the run is due again when it answers,
 * whatever a person must repair or approve for the other sources. Never for a faulty disk.
 * @param sources the code of each
 */
export const goesOnWithServer = (code: Code, sources: readonly Code[]): boolean =>
  waitsForServer(code) ||
  (ofSeveral.includes(code) && sources.some(waitsForServer) && !sources.includes('EXB_DISK_ERROR'));

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
    'Check the network and the server. A disk that stays plugged in is tried again automatically; to try at once: extbackup run',
  ],
  stalled: (server) => [
    'EXB_STALLED',
    `Nothing moved between the server ${server} and the disk for longer than pull.stallTimeout allows.`,
    'Check the network, the server and the cable of the disk, then plug the disk in again or run: extbackup run',
  ],
  'too-long': (server) => [
    'EXB_TOO_LONG',
    `The pull from ${server} took longer than pull.longest allows, and was stopped; copied files stay on the disk.`,
    'If the line is that slow, allow more time with pull.longest in /etc/extbackup/config.yaml ; otherwise look at the server.',
  ],
  flood: (server) => [
    'EXB_FLOOD',
    `The server ${server} sent endless messages instead of files, so the pull was stopped.`,
    'Look at the server: another program answers in place of rsync.',
  ],
  stuck: () => [
    'EXB_STALLED',
    'The pull hangs in the kernel and cannot be ended; most often the backup disk does not answer.',
    'Check cable and power of the disk. If it cannot be released, ' +
      'restart this machine before it is used again, and replace the disk if it happens again.',
  ],
  'no-link': (server) => [
    'EXB_LINK',
    `The server ${server} was not asked: extbackup-link@.service, which connects to it, cannot be started.`,
    "Find the reason: journalctl -u 'extbackup-link@*' ; unmask it, or install the package again.",
  ],
  'no-rsync': (server) => [
    'EXB_NO_RSYNC',
    `The login on ${server} worked, but its answer is not rsync's: other text comes first, or its rsync is not compatible.`,
    "Make sure that a login of the backup's user without a terminal prints nothing (start files of its shell, sshrc), " +
      'then repeat: extbackup server-setup | ssh root@SERVER sh',
  ],
  'host-key': (server) => [
    'EXB_HOST_KEY',
    `The server ${server} did not show the host key that is pinned here; nothing was sent to it.`,
    'If the server was reinstalled, compare its fingerprint and pin it: ' +
      'extbackup setup --host-key SHA256:… ; otherwise find out which machine answers.',
  ],
  login: (server) => [
    'EXB_LOGIN',
    `The server ${server} did not accept the ssh key of this station.`,
    'Run on the server: extbackup server-setup | ssh root@SERVER sh',
  ],
  'account-expired': (server) => [
    'EXB_ACCOUNT',
    `The server ${server} accepts the ssh key, but the account of the backup has expired there.`,
    'Remove the expiry date of the account: extbackup server-setup | ssh root@SERVER sh',
  ],
  'password-expired': (server) => [
    'EXB_ACCOUNT',
    `The server ${server} demands a new password for the account of the backup, so the account cannot start anything.`,
    'Remove this limit of the account: extbackup server-setup | ssh root@SERVER sh',
  ],
  'sudo-tty': (server) => [
    'EXB_REFUSED',
    `On the server ${server} sudo demands a terminal (requiretty), and a backup has none.`,
    'Make an exception for the command of the backup: extbackup server-setup | ssh root@SERVER sh',
  ],
  'no-python': (server) => [
    'EXB_NO_RSYNC',
    `On the server ${server} rrsync cannot start, because python3 is missing there.`,
    'Install it on the server: apt-get install python3 ; then repeat: extbackup server-setup | ssh root@SERVER sh',
  ],
  refused: (server) => [
    'EXB_REFUSED',
    `The server ${server} refused the pull: its forced command or sudo does not allow it.`,
    'Run on the server: extbackup server-setup | ssh root@SERVER sh',
  ],
  'no-directory': (server) => [
    'EXB_NO_SOURCE',
    `The directory to back up does not exist on the server ${server}.`,
    'Check that it is mounted there, and the path in source: of /etc/extbackup/config.yaml',
  ],
  'disk-full': () => [
    'EXB_DISK_FULL',
    'The backup disk is full; the mirror on it is incomplete.',
    'Use a larger disk: extbackup drive prepare --help ; or exclude files with pull.exclude',
  ],
  'disk-error': () => [
    'EXB_DISK_ERROR',
    'The backup disk reported errors or disappeared during the pull.',
    'Check cable and power, try again, and replace the disk if it happens twice.',
  ],
  gaps: (server) => [
    'EXB_GAPS',
    `Some files could not be read on ${server} or written to the disk; all others were copied.`,
    'The files are named in .extbackup/last-run.log on the disk (extbackup mount). Remove the cause and run again.',
  ],
  failed: (server) => [
    'EXB_PULL',
    `rsync failed while pulling from ${server}.`,
    'See: journalctl -u extbackup, and try: extbackup doctor',
  ],
};

/** Words for an empty source whose copy on the disk is not, or was not, empty. */
export function emptySource(server: string): ExtbackupError {
  return new PullError(
    'EXB_EMPTY_SOURCE',
    `The source on ${server} is empty: there was nothing to back up. Nothing was deleted on the disk.`,
    'Check that the directory on the server is the right one and that its file system is mounted.',
  );
}
