/**
 * The subject of a line of standard error. It only selects words: the line may contain any text from file names or
 * servers.
 */
export type Said =
  // the local rsync, about one file
  | 'attributes'
  | 'links'
  | 'name-too-long'
  | 'unwritten'
  // of one file, by the far rsync
  | 'unread'
  // by ssh
  | 'host-key'
  | 'login'
  | 'expired'
  // by the server
  | 'password-expired'
  | 'sudo-tty'
  | 'no-python'
  | 'refused'
  | 'no-directory'
  | 'no-rsync';

/**
 * A name may contain quotes, so drop everything from the first quote to the last; the rest is the program's own text.
 */
const withoutNames = (line: string): string => line.replace(/".*"/s, '""');

/**
 * rsync's message about one file, with the error number at the end: `rsync: [receiver] mkstemp "" failed: TEXT (28)`.
 */
const ofFile = /^rsync: \[(receiver|generator|Receiver|sender)\] .*\((\d{1,3})\)$/s;

const [enoent, enotdir, emlink, enametoolong] = [2, 20, 31, 36];

const byServer: readonly (readonly [Said, RegExp])[] = [
  ['password-expired', /^(?:WARNING: )?(?:Your )?password has expired|^Password change required/i],
  ['expired', /^Your account has expired|account (?:has )?expired/i],
  ['sudo-tty', /^sudo: (?:.*must have a tty|.*no tty present)/i],
  ['password-expired', /^sudo: .*(?:account validation failure|password (?:is |has )?expired)/i],
  ['no-python', /python3?['"’]?: (?:No such file|not found|command not found)|^env: .*python/i],
  [
    'no-directory',
    /^(?:\/\S*rrsync|rrsync)(?: error)?: .*(?:chdir|does not exist|No such file)|^Restricted directory does not exist/,
  ],
  ['no-directory', /^extbackup-sender: the directory does not exist/],
  ['refused', /^extbackup-sender: /],
  [
    'refused',
    /^(?:\/\S*)?rrsync(?: error)?:|SSH_ORIGINAL_COMMAND|invalid rsync-command|^option .* (?:is not allowed|has been disabled)/,
  ],
  ['refused', /^sudo: |command not found$/],
  ['no-rsync', /is your shell clean|protocol version mismatch/],
];

const bySsh: readonly (readonly [Said, RegExp])[] = [
  ['host-key', /^Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED|^No \S+ host key is known/],
  ['expired', /^Your account has expired|^Account .* has expired|^User .* not allowed because account/i],
  ['login', /^\S+: Permission denied \([a-z,-]+\)\.?$|^Permission denied \([a-z,-]+\)/],
  ['login', /Too many authentication failures|^Load key |identity file .* not accessible/i],
];

/** Lines that may follow the reason for which ssh gave up. */
const afterReason = /^(?:Disconnected from |rsync(?: error)?: |\s*$)/;

/**
 * Reads the log of an ssh that could not log in. Its last line is its own; the lines before it may be a banner of the
 * server, which is believed only about the account.
 */
export function saidBySsh(log: string): SaidCounts {
  const lines = log.split(/\r?\n/);
  const last = find(bySsh, withoutNames(lines.findLast((line) => !afterReason.test(line)) ?? ''));
  if (last === 'host-key') return { 'host-key': 1 };
  if (lines.some((line) => find(bySsh, withoutNames(line)) === 'expired')) return { expired: 1 };
  return last === undefined ? {} : { [last]: 1 };
}

/** Reads a line of standard error, which the local rsync, the remote rsync and the server share. */
export function saidInPull(line: string): Said | undefined {
  const text = withoutNames(line);
  const [, who, digits] = ofFile.exec(text) ?? [];
  if (who === undefined) return find(byServer, text);
  const errno = Number(digits);
  if (/^rsync: \[\w+\] (?:change_dir|link_stat)(?:#\d)? "" failed/.test(text) && [enoent, enotdir].includes(errno))
    return 'no-directory';
  if (who === 'sender') return 'unread';
  if (errno === emlink) return 'links';
  if (errno === enametoolong) return 'name-too-long';
  return /xattr|_acl/.test(text) ? 'attributes' : 'unwritten';
}

const find = (patterns: readonly (readonly [Said, RegExp])[], text: string): Said | undefined =>
  patterns.find(([, pattern]) => pattern.test(text))?.[0];

/** Counts by subject: a million lines take no memory. */
export type SaidCounts = Partial<Record<Said, number>>;

export const countSaid = (counts: SaidCounts, said: Said | undefined): void => {
  if (said !== undefined) counts[said] = (counts[said] ?? 0) + 1;
};

/** Counts the lines of a whole text. */
export function saidIn(text: string, read: (line: string) => Said | undefined): SaidCounts {
  const counts: SaidCounts = {};
  for (const line of text.split(/[\r\n]+/)) countSaid(counts, read(line));
  return counts;
}
