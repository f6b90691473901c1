import { readFileSync } from 'node:fs';
import type { Config } from '../config/schema.ts';
import { parseSource } from '../config/schema.ts';
import { changeFormat } from '../history/change.ts';
import { logFormat } from '../history/change-log.ts';
import type { HistoryEntry } from '../history/history-entry.ts';

/** What a pull needs to know besides the settings. */
export interface PullTarget {
  /** Directory of the mirror on the opened disk; its content becomes that of the source. */
  readonly mirror: string;
  /** The ssh key in RAM. */
  readonly identityFile: string;
  readonly history?: HistoryEntry;
}

/** Directory that rsync keeps unfinished files in, beside each file; never part of the mirror after a good run. */
export const partialDir = '.extbackup-partial';

/** `USER@HOST`, for messages. */
export function serverName(config: Pick<Config, 'source'>): string {
  const source = parseSource(config.source);
  return source ? `${source.user}@${source.host}` : config.source;
}

/**
 * The ssh command, for `rsync --rsh`, which splits it at blanks without a shell.
 * AES-GCM first where the CPU computes AES itself; it is the fastest cipher there.
 */
export function sshCommand(config: Pick<Config, 'port' | 'ssh'>, identityFile: string): string[] {
  const options = [
    'BatchMode=yes', 'IdentitiesOnly=yes', 'StrictHostKeyChecking=yes', 'UpdateHostKeys=no', 'CheckHostIP=no',
    `UserKnownHostsFile=${config.ssh.knownHosts}`, 'GlobalKnownHostsFile=none', 'PreferredAuthentications=publickey',
    'ForwardAgent=no', 'ClearAllForwardings=yes', 'PermitLocalCommand=no', 'Compression=no', 'ControlMaster=no', 'ControlPath=none',
    'ConnectTimeout=10', 'ServerAliveInterval=15', 'ServerAliveCountMax=4', 'LogLevel=ERROR',
    `Ciphers=${cipherPreference()}`, ...config.ssh.options,
  ];
  return ['/usr/bin/ssh', '-F', 'none', '-T', '-x', '-p', String(config.port), '-i', identityFile, ...options.flatMap((option) => ['-o', option])];
}

const cipherPreference = (): string =>
  hasAes() ? '^aes128-gcm@openssh.com,aes256-gcm@openssh.com' : '^chacha20-poly1305@openssh.com';

/** x86 and arm64 both name it "aes" in the flags that /proc/cpuinfo lists. */
const hasAes = (): boolean => /^(?:flags|Features)\s*:.*\baes\b/m.test(readFileSync('/proc/cpuinfo', 'utf8'));

/** Options that both phases share: everything that a file is, exactly. */
function commonArgs(config: Config, target: PullTarget): string[] {
  return [
    '--archive', '--hard-links', '--acls', '--xattrs', '--sparse', '--numeric-ids', `--partial-dir=${partialDir}`,
    '--no-human-readable', '--info=progress2,stats2,name0', '--outbuf=Block',
    `--timeout=${Math.ceil(config.pull.stallTimeout / 1000)}`,
    ...(config.pull.bandwidthLimit > 0 ? [`--bwlimit=${config.pull.bandwidthLimit}`] : []),
    ...config.pull.exclude.map((pattern) => `--exclude=${pattern}`),
    ...(config.pull.deleteWhen === 'before' ? ['--delete', '--delete-before'] : ['--delete', '--delete-delay']),
    `--out-format=${changeFormat}`,
    `--rsh=${sshCommand(config, target.identityFile).join(' ')}`,
  ];
}

/** Where to pull from; the path is relative to the directory that the server's forced command allows. */
function sourceArg(config: Config): string {
  const source = parseSource(config.source);
  if (!source) throw new Error('the configuration was not checked');
  const path = source.path === '' || source.path.endsWith('/') ? source.path : `${source.path}/`;
  return `${source.user}@${source.host}:${path}`;
}

/** Where what is replaced or deleted goes, and what is done is written down; see change-log.ts. */
const historyArgs = (history: HistoryEntry | undefined): string[] =>
  (history === undefined ? [] : ['--backup', `--backup-dir=${history.directory}`, `--log-file=${history.log}`, `--log-file-format=${logFormat}`]);

/**
 * Arguments of the copying phase: deletes nothing, and tells how much it would have deleted.
 * `--max-delete=0` ends with 25 when there was something to delete; see rsync(1).
 */
export function copyArgs(config: Config, target: PullTarget): string[] {
  return [...commonArgs(config, target), ...historyArgs(target.history), '--max-delete=0', '--', sourceArg(config), `${target.mirror}/`];
}

/** Arguments of the deleting phase, which may delete at most `limit` files. */
export function deleteArgs(config: Config, target: PullTarget, limit: number): string[] {
  return [...commonArgs(config, target), ...historyArgs(target.history), `--max-delete=${limit}`, '--', sourceArg(config), `${target.mirror}/`];
}

/** Arguments that change nothing and name every change that would be made. */
export function surveyArgs(config: Config, target: PullTarget): string[] {
  return [...commonArgs(config, target), '--dry-run', '--', sourceArg(config), `${target.mirror}/`];
}
