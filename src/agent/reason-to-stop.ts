import { AgentStoppedError, CancelledError } from '../errors.ts';
import { isThere } from '../system/is-there.ts';
import { files, type Paths } from '../system/paths.ts';

/** Why the agent ends its run: the next agent continues it, unless the package is being removed. */
export async function reasonToStop(paths: Paths): Promise<CancelledError> {
  if (!(await isThere(files.removing(paths)))) return new AgentStoppedError();
  return new CancelledError(
    'The run was ended because extbackup is being removed from this machine. It does not go on by itself.',
    'To back up again, install the package, then: extbackup run',
  );
}
