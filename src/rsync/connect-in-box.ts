import type { Config } from '../config/schema.ts';
import type { StartProgram } from '../system/command.ts';
import { createConfinement, type View } from '../system/confine.ts';

/**
 * For commands, whose rsync or ssh connects by itself: in a box with a network, the ssh key and the pinned host keys.
 * @param identityFile the ssh key in RAM
 * @param disk the opened disk, if the program needs it
 * @param more other files that it reads; they must exist
 */
export function startInBox(
  start: StartProgram,
  { knownHosts }: Pick<Config['ssh'], 'knownHosts'>,
  identityFile: string,
  disk?: View['disk'],
  more: readonly string[] = [],
): Promise<StartProgram> {
  const readable = [identityFile, knownHosts, ...more];
  return createConfinement(start).confine(start, { readable, hasNetwork: true, ...(disk && { disk }) });
}
