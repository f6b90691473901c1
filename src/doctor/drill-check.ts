import { createDriveRegistry } from '../records/drive-registry.ts';
import { describeDrill } from '../records/drill-state.ts';
import { files } from '../system/paths.ts';
import { describeAge, describeDuration } from '../text/wording.ts';
import { ok, warn, type Check, type ConfiguredPatient } from './check.ts';

/** Whether a sample was restored lately, where the settings ask for it. */
export const drillCheck: Check<ConfiguredPatient> = {
  name: 'drill',
  check: async ({ paths, config, now }) => {
    const active = (await createDriveRegistry(files.drives(paths)).list()).filter(({ state }) => state === 'active');
    const { every } = config.drill;
    const { last, overdue } = describeDrill(active, every, now);
    if (every === undefined)
      return ok(
        last === null
          ? 'The settings ask for no drill (drill.every).'
          : `A sample was restored and found right ${describeAge(last, now)} ago.`,
      );
    if (!overdue)
      return ok(last === null ? 'No drill is due yet.' : `A sample was restored ${describeAge(last, now)} ago.`);
    return warn(
      last === null
        ? 'No sample of files was ever restored from a disk.'
        : `The last sample of files was restored ${describeAge(last, now)} ago; the settings ask for one every ${describeDuration(every)}.`,
      'Plug a disk in, wait for its run, then type: extbackup drill',
    );
  },
};
