import { advanceTime, longestStep } from '../history/measured-time.ts';
import { readClocks, readTimeMark } from '../records/station-time.ts';
import { files } from '../system/paths.ts';
import { describeSpan } from '../text/wording.ts';
import { ok, warn, type Check } from './check.ts';
import { zonedTime } from '../text/local-time.ts';

/** Whether the clock is right: checks its synchronisation, and its progress since the last measurement. */
export const clockCheck: Check = {
  name: 'clock',
  check: async ({ paths, start, now }) => {
    const reading = { ...(await readClocks(start)), now };
    const { mark } = advanceTime(await readTimeMark(files.time(paths)), reading, longestStep);
    const says = `The clock says ${zonedTime(now)}`;
    if (mark.jumpMs !== 0)
      return warn(
        `${says}, which is ${describeSpan(Math.abs(mark.jumpMs))} ${mark.jumpMs > 0 ? 'ahead of' : 'behind'} ` +
          'the time that this machine has measured, and nothing confirms it.',
        'Set it, and synchronise it: timedatectl set-ntp true ; no history expires meanwhile.',
      );
    if (reading.isSynchronised === true) return ok(`${says}, and is synchronised.`);
    return warn(
      reading.isSynchronised === false
        ? `${says}, and is not synchronised with a time server.`
        : `${says}; whether it is synchronised is not known.`,
      'Synchronise it: timedatectl set-ntp true (package systemd-timesyncd, or chrony).',
    );
  },
};
