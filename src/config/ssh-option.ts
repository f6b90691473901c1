import { z } from 'zod';

/** Options that begin another section of the settings, read another file, or start a program by way of a shell. */
const refused = /^(?:Host|Match|Include|LocalCommand|PermitLocalCommand|ProxyCommand|KnownHostsCommand)=/i;

/** One setting of ssh_config(5) as KEY=VALUE. */
export const sshOption = z
  .string()
  .regex(/^[A-Za-z]+=[^\s"'\\]+$/, 'must look like ProxyJump=host')
  .refine(
    (option) => !refused.test(option),
    'is not allowed: it starts programs, reads other files or begins a section',
  );
