import type { StartProgram } from '../../src/system/command.ts';
import type { Helpers } from '../../src/pipeline/real-machine.ts';

/** No unit between rsync and the server; `run` replaces this shell by another one. */
export const noHelpers = (start: StartProgram): Helpers => ({
  reach: (_place, _signal, work) => work({ rsh: '/nonexistent', start }),
  wakeServer: () => Promise.resolve(undefined),
  runHookOutside: () => Promise.resolve(undefined),
  confine: (inner) => Promise.resolve(inner),
  isConfined: () => Promise.resolve(true),
});
