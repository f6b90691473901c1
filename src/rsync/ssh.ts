import { readFileSync } from 'node:fs';
import { bareHost, knownName, type Address } from '../config/address.ts';
import { parseSource } from '../config/source-schema.ts';
import type { Config } from '../config/schema.ts';

/** A server and its connection settings. */
export interface Place {
  /** `USER@HOST[:PATH]`. */
  readonly source: string;
  readonly port: number;
  /** Tried in turn, in place of the host in `source`. */
  readonly addresses?: readonly Address[] | undefined;
  readonly ssh: Config['ssh'];
}

/** The connection to one of the addresses of a server; its host key is looked up under the server's own name. */
function optionsAt({ source, port }: Pick<Place, 'source' | 'port'>, at: Address | undefined): string[] {
  if (at === undefined) return [];
  const host = parseSource(source)?.host ?? '';
  return [`HostName=${at.host.replaceAll('%', '%%')}`, `HostKeyAlias=${knownName({ host, port })}`];
}

/** Options of every connection. ssh uses the first mention of an option, so the settings can only add options. */
function optionsFor(ssh: Config['ssh'], knownHosts: string): string[] {
  return [
    'BatchMode=yes',
    'IdentitiesOnly=yes',
    'StrictHostKeyChecking=yes',
    'UpdateHostKeys=no',
    'CheckHostIP=no',
    `UserKnownHostsFile=${knownHosts}`,
    'GlobalKnownHostsFile=none',
    'PreferredAuthentications=publickey',
    'ForwardAgent=no',
    'ClearAllForwardings=yes',
    'PermitLocalCommand=no',
    'Compression=no',
    'ControlMaster=no',
    'ControlPath=none',
    'ConnectTimeout=10',
    'ServerAliveInterval=15',
    'ServerAliveCountMax=4',
    'LogLevel=INFO', // with ERROR, ssh does not print the reason that PAM of the server gives
    `Ciphers=${cipherPreference()}`,
    ...ssh.options,
  ];
}

/**
 * The ssh command that makes its own connection, for `rsync --rsh`, which splits it at blanks without a shell. AES-GCM
 * comes first if the CPU has AES instructions; it is the fastest cipher then.
 * @param at one of the addresses of the server, if it has several
 */
export function sshCommand({ source, port, ssh }: Place, identityFile: string, at?: Address): string[] {
  return [
    '/usr/bin/ssh',
    '-F',
    'none',
    '-T',
    '-x',
    '-p',
    String(at?.port ?? port),
    '-i',
    identityFile,
    ...[...optionsAt({ source, port }, at), ...optionsFor(ssh, ssh.knownHosts)].flatMap((option) => ['-o', option]),
  ];
}

/**
 * The same connection as a settings file for extbackup-link@.service.
 * @param credentials directory in which the unit finds the key and the host keys
 * @param at one of the addresses of the server, if it has several
 */
export function sshConfig({ source, port, ssh }: Place, credentials: string, at?: Address): string {
  const { user = '', host = '' } = parseSource(source) ?? {};
  const lines = [
    ...optionsAt({ source, port }, at),
    `HostName=${bareHost(host).replaceAll('%', '%%')}`,
    `User=${user}`,
    `Port=${String(at?.port ?? port)}`,
    `IdentityFile=${credentials}/identity`,
    ...optionsFor(ssh, `${credentials}/known_hosts`),
  ];
  return ['Host server', ...lines.map((line) => `  ${line}`), ''].join('\n');
}

/** The ssh command that uses the connection of another process, by its control socket only. */
export function borrowedRsh(control: string): string {
  const options = ['ControlMaster=no', 'BatchMode=yes', 'LogLevel=ERROR', 'ProxyCommand=/usr/bin/false'];
  return ['/usr/bin/ssh', '-F', 'none', '-T', '-x', '-S', control, ...options.flatMap((option) => ['-o', option])].join(
    ' ',
  );
}

const cipherPreference = (): string =>
  hasAes() ? '^aes128-gcm@openssh.com,aes256-gcm@openssh.com' : '^chacha20-poly1305@openssh.com';

/** Both x86 and arm64 list the flag "aes" in /proc/cpuinfo. */
const hasAes = (): boolean => /^(?:flags|Features)\s*:.*\baes\b/m.test(readFileSync('/proc/cpuinfo', 'utf8'));
