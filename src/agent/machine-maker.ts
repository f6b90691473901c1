import { identityFile } from '../keys/ssh-key.ts';
import type { Courier } from '../notify/courier.ts';
import { createMachine } from '../pipeline/real-machine.ts';
import { createLink } from '../rsync/link.ts';
import type { StartProgram } from '../system/command.ts';
import { createConfinement } from '../system/confine.ts';
import type { Paths } from '../system/paths.ts';
import type { SupervisorParts } from './surroundings.ts';

/** Sending takes no time; the start of the unit may. */
const wakeMs = 10_000;

/** Each run gets a machine of its own: disks made by hand keep their mirror under another name. */
export function machineMaker(start: StartProgram, paths: Paths, courier: Courier): SupervisorParts['machineFor'] {
  const { confine, works } = createConfinement(start);
  return (settings, record) => {
    const reach = createLink(start, paths, identityFile(paths, settings.ssh));
    return createMachine(
      start,
      paths,
      {
        ...{ reach, confine },
        isConfined: works,
        wakeServer: async (mac, signal) => (await courier({ kind: 'wake', mac }, wakeMs, signal)).failure,
        runHookOutside: async (hook, environment, signal) =>
          (await courier({ kind: 'hook', hook, environment }, hook.timeout, signal)).failure,
      },
      record.mirror,
    );
  };
}
