import type { DiskState, Shortage } from '../disk/disk-state.ts';
import { saidBySsh, saidIn, saidInPull, type SaidCounts } from './said-line.ts';

/** Why a pull ended, as far as the next step depends on it. */
export type PullTrouble =
  | 'network' // worth another try
  | 'stalled' // nothing moved for too long; worth another try
  | 'stuck' // it cannot be ended: it hangs in the kernel
  | 'no-link' // the unit that connects cannot be started
  | 'no-rsync' // text where rsync's protocol should be
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

/** What follows from a trouble: decided by exit code and measurement alone. */
export type TroubleClass =
  | 'room' // old history may go, where a shortage was measured
  | 'disk' // no other source is tried, and the disk is suspected
  | 'files' // all but some files were copied
  | 'transfer'; // server, connection or rsync: nothing else is suspected

export function classOf(trouble: PullTrouble): TroubleClass {
  if (trouble === 'disk-full') return 'room';
  if (trouble === 'disk-error' || trouble === 'stuck') return 'disk';
  return trouble === 'gaps' ? 'files' : 'transfer';
}

/** What is known of the connection, measured by its unit. */
export type LinkState =
  | 'not-made' // ssh did not get in
  | 'up' // it was there when rsync had ended
  | 'down'
  | 'unknown'; // ssh was started by rsync, or nobody looked

/** How an rsync ended, and what was measured around it. */
export interface Ended {
  /** undefined when it was ended by a signal, or not started. */
  readonly exitCode: number | undefined;
  /** It cannot be ended. */
  readonly stillRuns?: boolean;
  /** Nothing moved for too long, so we ended it. */
  readonly stalled?: boolean;
  readonly link: LinkState;
  /** The opened disk afterwards; undefined when none is concerned. */
  readonly disk?:
    (Pick<DiskState, 'fault' | 'shortage' | 'nearlyFull'> & { readonly usedUp?: Shortage | undefined }) | undefined;
  /** The kernel counted errors of the disk meanwhile. */
  readonly errorsGrew?: boolean;
  /** Names that came from the source, counted by our rsync; undefined where nobody counted. */
  readonly listed?: number;
  readonly said: SaidCounts;
}

/** Our rsync's own complaints end with it: its output is a file on the disk, and hard links that it lost count of. */
export const withDiagnostics = 13;
export const fileIo = 11;

/** 255 is ssh's own; 5, 10, 12, 30 and 35 are rsync's for a protocol that never started, a socket, a stream, two time-outs. */
const connectionBroke: readonly number[] = [255, 5, 10, 12, 30, 35];
const timeouts: readonly number[] = [30, 35];

/**
 * Tells why an rsync failed: exit code and measurement decide, see rsync(1), EXIT VALUES; what was said only chooses among
 * the troubles of one class.
 */
export function verdictOf(ended: Ended): PullTrouble {
  const { exitCode, disk, said } = ended;
  if (ended.stillRuns === true) return 'stuck';
  if (ended.stalled === true) return 'stalled';
  if (ended.link === 'not-made') return connecting(said) ?? 'network';
  if (disk?.fault !== undefined) return 'disk-error';
  if (exitCode === fileIo || exitCode === withDiagnostics) {
    if ((disk?.usedUp ?? disk?.nearlyFull) !== undefined) return 'disk-full';
    return ended.errorsGrew === true ? 'disk-error' : 'failed';
  }
  if (exitCode === 23) {
    if (disk?.shortage !== undefined) return 'disk-full';
    if (ended.errorsGrew === true) return 'disk-error';
    return ended.listed === 0 ? (farSide(said) ?? 'failed') : 'gaps'; // of a directory that is not there nothing is listed
  }
  if (exitCode === undefined || ended.link === 'down' || timeouts.includes(exitCode))
    return exitCode === undefined ? 'failed' : 'network';
  if (exitCode === 255 && ended.link === 'unknown') return connecting(said) ?? farSide(said) ?? 'network';
  return farSide(said) ?? (connectionBroke.includes(exitCode) ? 'network' : 'failed');
}

/** Why ssh did not get in, by its own log. */
function connecting(said: SaidCounts): PullTrouble | undefined {
  if (said['host-key']) return 'host-key';
  if (said.expired) return 'account-expired';
  return said.login ? 'login' : undefined;
}

/** What the server said when it let us in and started no rsync. */
function farSide(said: SaidCounts): PullTrouble | undefined {
  if (said['password-expired']) return 'password-expired';
  if (said.expired) return 'account-expired';
  if (said['sudo-tty']) return 'sudo-tty';
  if (said['no-python']) return 'no-python';
  if (said['no-directory']) return 'no-directory';
  if (said.refused) return 'refused';
  return said['no-rsync'] ? 'no-rsync' : undefined;
}

/** Why ssh itself, started by its unit, did not get in. @param log what it said */
export const whyNotConnected = (log: string): PullTrouble =>
  verdictOf({ exitCode: 255, link: 'not-made', said: saidIn(log, saidBySsh) });

/** Why an rsync that only looks, or gets one small file, failed. @param stderr of it, and of an ssh that it started */
export function whyNotRead(exitCode: number | undefined, stderr: string): PullTrouble {
  const said =
    exitCode === 255 ? { ...saidIn(stderr, saidInPull), ...saidIn(stderr, saidBySsh) } : saidIn(stderr, saidInPull);
  return verdictOf({ exitCode, link: 'unknown', listed: 0, said });
}
