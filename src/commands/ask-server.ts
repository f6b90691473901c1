import type { Config } from '../config/schema.ts';
import { KeyError } from '../errors.ts';
import { identityFile } from '../keys/ssh-key.ts';
import { isThere } from '../system/is-there.ts';
import type { CliContext } from '../terminal/cli-context.ts';

/** What a command needs to connect to the server by itself. */
export interface ServerAccess {
  readonly config: Config;
  /** The ssh key in RAM. */
  readonly identity: string;
}

/** @throws KeyError when the ssh key is not loaded */
export async function serverAccess(context: CliContext): Promise<ServerAccess> {
  const config = await context.loadConfig();
  const identity = identityFile(context.paths, config.ssh);
  if (!(await isThere(identity)))
    throw new KeyError(
      'EXB_KEY_MISSING',
      'The ssh key is not loaded, so the server cannot be asked.',
      'Load it first: extbackup unlock',
    );
  return { config, identity };
}
