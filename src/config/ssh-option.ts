import * as z from 'zod';

/**
 * Options that lead over another host, begin another section of the settings, read another file, start a program, load
 * a library, or ask the server for another command.
 */
const refused = [
  ...['Host', 'Match', 'Include', 'LocalCommand', 'PermitLocalCommand', 'ProxyCommand', 'KnownHostsCommand'],
  ...['RemoteCommand', 'SessionType', 'XAuthLocation', 'PKCS11Provider', 'SmartcardDevice', 'SecurityKeyProvider'],
  // ssh would start another ssh for it, without the key and the pinned host keys.
  ...['ProxyJump', 'ProxyUseFdpass'],
].map((name) => name.toLowerCase());

const nameOf = (option: string): string => option.slice(0, option.indexOf('=')).toLowerCase();

/** One setting of ssh_config(5) as KEY=VALUE. */
export const sshOption = z
  .string()
  .regex(/^[A-Za-z]+=[^\s"'\\]+$/, 'must look like HostKeyAlgorithms=ssh-ed25519')
  .refine(
    (option) => !refused.includes(nameOf(option)),
    'is not allowed: it leads over another host, starts programs, reads other files or begins a section',
  );
