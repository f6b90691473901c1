import { readFileSync } from 'node:fs';
import { parseSource } from '../config/source-schema.ts';
import type { Config } from '../config/schema.ts';

/** A server, and how it is reached. */
export interface Place {
  /** `USER@HOST[:PATH]`. */
  readonly source: string;
  readonly port: number;
  readonly ssh: Config['ssh'];
}

/** Every connection has these; the first mention of an option counts, so those of the settings only add. */
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
    'LogLevel=ERROR',
    `Ciphers=${cipherPreference()}`,
    ...ssh.options,
  ];
}

/**
 * The ssh command that connects by itself, for `rsync --rsh`, which splits it at blanks without a shell.
 * AES-GCM first where the CPU computes AES itself; it is the fastest cipher there.
 */
export function sshCommand({ port, ssh }: Pick<Place, 'port' | 'ssh'>, identityFile: string): string[] {
  return [
    '/usr/bin/ssh',
    '-F',
    'none',
    '-T',
    '-x',
    '-p',
    String(port),
    '-i',
    identityFile,
    ...optionsFor(ssh, ssh.knownHosts).flatMap((option) => ['-o', option]),
  ];
}

/** The same connection as a settings file, for extbackup-link@.service: there, key and host keys are at these places. */
export function sshConfig({ source, port, ssh }: Place): string {
  const { user = '', host = '' } = parseSource(source) ?? {};
  const lines = [
    `HostName=${host.replace(/^\[(.*)\]$/, '$1').replaceAll('%', '%%')}`,
    `User=${user}`,
    `Port=${String(port)}`,
    'IdentityFile=/mnt/identity',
    ...optionsFor(ssh, '/mnt/known_hosts'),
  ];
  return ['Host server', ...lines.map((line) => `  ${line}`), ''].join('\n');
}

/** The ssh command that uses a connection which another process has: its control socket, or nothing. */
export function borrowedRsh(control: string): string {
  const options = ['ControlMaster=no', 'BatchMode=yes', 'LogLevel=ERROR', 'ProxyCommand=/usr/bin/false'];
  return ['/usr/bin/ssh', '-F', 'none', '-T', '-x', '-S', control, ...options.flatMap((option) => ['-o', option])].join(
    ' ',
  );
}

const cipherPreference = (): string =>
  hasAes() ? '^aes128-gcm@openssh.com,aes256-gcm@openssh.com' : '^chacha20-poly1305@openssh.com';

/** x86 and arm64 both name it "aes" in the flags that /proc/cpuinfo lists. */
const hasAes = (): boolean => /^(?:flags|Features)\s*:.*\baes\b/m.test(readFileSync('/proc/cpuinfo', 'utf8'));
