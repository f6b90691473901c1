import type { DiskState, Shortage } from '../disk/disk-state.ts';
import type { PullLimit } from './pull-limits.ts';
import { saidBySsh, saidIn, saidInPull, type SaidCounts } from './said-line.ts';

/** The trouble that ended a pull, as far as the next step depends on it. */
export type PullTrouble =
  | 'network' // worth another try
  | 'stalled' // nothing moved for too long; worth another try
  | 'too-long' // it took longer than pull.longest
  | 'flood' // the server made rsync print without end
  | 'stuck' // it hangs in the kernel and cannot be ended
  | 'no-link' // the unit that connects cannot be started
  | 'no-rsync' // text instead of rsync's protocol
  | 'host-key'
  | 'login'
  | 'account-expired'
  | 'password-expired'
  | 'sudo-tty' // sudo wants a terminal
  | 'no-python' // rrsync cannot start
  | 'refused' // by the server's forced command
  | 'no-directory'
  | 'disk-full'
  | 'disk-error'
  | 'gaps' // rsync 23: some files could not be read or written
  | 'failed';

/** State of the connection, measured by its unit. */
export type LinkState =
  | 'not-made' // ssh could not log in
  | 'up' // it still existed when rsync had ended
  | 'down'
  | 'unknown'; // rsync started ssh itself, or it was not measured

/** The end of an rsync, with the measurements around it. */
export interface Ended {
  /** undefined after a signal, or when it was not started. */
  readonly exitCode: number | undefined;
  /** It cannot be killed. */
  readonly stillRuns?: boolean;
  /** Nothing moved for too long, so it was stopped. */
  readonly stalled?: boolean;
  /** Another reason why it was stopped. */
  readonly limit?: PullLimit | undefined;
  readonly link: LinkState;
  /** The opened disk afterwards; undefined if there is none. */
  readonly disk?:
    (Pick<DiskState, 'fault' | 'shortage' | 'nearlyFull'> & { readonly usedUp?: Shortage | undefined }) | undefined;
  /** The kernel counted errors of the disk meanwhile. */
  readonly errorsGrew?: boolean;
  /** Number of names from the source, counted by the local rsync; undefined without a count. */
  readonly listed?: number;
  readonly said: SaidCounts;
}

/**
 * Exit codes of the local rsync's own trouble: with its output, which is a file on the disk, or with too many hard
 * links.
 */
export const withDiagnostics = 13;
export const fileIo = 11;

/** 255 is ssh's own; 5, 10, 12, 30 and 35 are rsync's for a protocol that never started, a socket, a stream, two time-outs. */
const connectionBroke: readonly number[] = [255, 5, 10, 12, 30, 35];
const timeouts: readonly number[] = [30, 35];

/**
 * Determines why an rsync failed: exit code and measurement decide (see rsync(1), EXIT VALUES); messages only choose
 * among the troubles of one class.
 */
export function verdictOf(ended: Ended): PullTrouble {
  const { exitCode, disk, said } = ended;
  if (ended.stillRuns === true) return 'stuck';
  if (ended.stalled === true) return 'stalled';
  if (ended.limit !== undefined) return ended.limit === 'pace' ? 'failed' : ended.limit;
  if (ended.link === 'not-made') return connecting(said) ?? 'network';
  if (disk?.fault !== undefined) return 'disk-error';
  if (exitCode === fileIo || exitCode === withDiagnostics) {
    if ((disk?.usedUp ?? disk?.nearlyFull) !== undefined) return 'disk-full';
    return ended.errorsGrew === true ? 'disk-error' : 'failed';
  }
  if (exitCode === 23) {
    if (disk?.shortage !== undefined) return 'disk-full';
    if (ended.errorsGrew === true) return 'disk-error';
    return ended.listed === 0 ? (farSide(said) ?? 'failed') : 'gaps'; // a missing directory lists nothing
  }
  if (exitCode === undefined || ended.link === 'down' || timeouts.includes(exitCode))
    return exitCode === undefined ? 'failed' : 'network';
  if (exitCode === 255 && ended.link === 'unknown') return connecting(said) ?? farSide(said) ?? 'network';
  return farSide(said) ?? (connectionBroke.includes(exitCode) ? 'network' : 'failed');
}

/** The reason why ssh could not log in, from its own log. */
function connecting(said: SaidCounts): PullTrouble | undefined {
  if (said['host-key']) return 'host-key';
  if (said.expired) return 'account-expired';
  return said.login ? 'login' : undefined;
}

/** The server's message when the login worked but no rsync started. */
function farSide(said: SaidCounts): PullTrouble | undefined {
  if (said['password-expired']) return 'password-expired';
  if (said.expired) return 'account-expired';
  if (said['sudo-tty']) return 'sudo-tty';
  if (said['no-python']) return 'no-python';
  if (said['no-directory']) return 'no-directory';
  if (said.refused) return 'refused';
  return said['no-rsync'] ? 'no-rsync' : undefined;
}

/** The reason why ssh, started by its unit, could not log in. @param log messages of ssh */
export const whyNotConnected = (log: string): PullTrouble =>
  verdictOf({ exitCode: 255, link: 'not-made', said: saidBySsh(log) });

/**
 * The reason why an rsync that lists, or gets one small file, failed. @param stderr its standard error, and ssh's if it
 * started one
 */
export function whyNotRead(exitCode: number | undefined, stderr: string): PullTrouble {
  const said = { ...saidIn(stderr, saidInPull), ...(exitCode === 255 ? saidBySsh(stderr) : {}) };
  return verdictOf({ exitCode, link: 'unknown', listed: 0, said });
}
