import type { Reach } from '../rsync/link.ts';
import type { StartProgram } from '../system/command.ts';
import type { Confine } from '../system/confine.ts';
import { isThere } from '../system/is-there.ts';
import { files, type Paths } from '../system/paths.ts';
import { writeAtomically } from '../system/atomic-file.ts';
import { createDiskPart } from './disk-part.ts';
import { createInsidePart } from './inside-part.ts';
import type { Machine } from './machine.ts';
import { runHook } from './run-hook.ts';
import { createServerPart } from './server-part.ts';

/** Units for the work that the agent must not do itself. */
export interface Helpers {
  readonly reach: Reach;
  /** Runs a hook outside the agent's mount namespace, where the opened disk cannot be seen. */
  readonly runHookOutside: Machine['runHook'];
  readonly wakeServer: Machine['wakeServer'];
  /** For every program that reads data from the server. */
  readonly confine: Confine;
  /** Whether it works; undefined when there was no answer. */
  readonly isConfined: () => Promise<boolean | undefined>;
}

/** {@link Machine} on the real one. `mirrorName` is the directory of the mirror on the disk. */
export function createMachine(start: StartProgram, paths: Paths, helpers: Helpers, mirrorName = 'backups'): Machine {
  return {
    wakeServer: helpers.wakeServer,
    confinement: () => confinement(helpers, files.confined(paths)),
    ...createDiskPart(start, paths),
    ...createInsidePart(start, paths, mirrorName),
    ...createServerPart(start, paths, helpers, mirrorName),
    // While the disk is mounted, only the agent's own programs see it, and they have no network. Other hooks run outside.
    runHook: (hook, environment, signal) =>
      hook.when === 'before-mount' || hook.when === 'after-close'
        ? helpers.runHookOutside(hook, environment, signal)
        : runHook(start, hook, environment, signal),
  };
}

async function confinement({ isConfined }: Helpers, record: string): ReturnType<Machine['confinement']> {
  const didOnce = await isThere(record);
  if ((await isConfined()) !== true) return didOnce ? 'lost' : 'none';
  if (!didOnce) await writeAtomically(record, 'yes\n', true);
  return 'box';
}
