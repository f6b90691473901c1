import { listBlockDevices } from '../disk/block-devices.ts';
import type { Check, Finding } from '../doctor/check.ts';
import { fail, ok } from '../doctor/check.ts';
import { clockCheck } from '../doctor/clock-check.ts';
import { runChecks } from '../doctor/examine.ts';
import { hardeningChecks, installationChecks } from '../doctor/machine-checks.ts';
import { possibleDisks } from '../prepare/candidate.ts';
import { describeDisk } from '../prepare/describe-disk.ts';
import { findOldSetup } from '../setup/old-scripts.ts';
import { readIfThere } from '../system/atomic-file.ts';
import type { CliContext } from '../terminal/cli-context.ts';

/** The directory of the scripts of a station that was set up by hand. */
export const oldScripts = '/usr/local/sbin';

const ramfsCheck: Check = {
  name: 'ramfs',
  check: async () =>
    /\bramfs$/m.test((await readIfThere('/proc/filesystems')) ?? '')
      ? ok('The kernel has ramfs, which keeps the keys in RAM.')
      : fail('The kernel has no ramfs, so there is no place for the keys.', 'Use the kernel of Debian.'),
};

const wanted: readonly Check[] = [
  ...installationChecks.filter(({ name }) => name === 'tools'),
  ramfsCheck,
  ...hardeningChecks.filter(({ name }) => name === 'swap'),
  clockCheck,
];

/** What `setup` finds on the machine before it asks anything: a line for each finding, and a second one for the remedy. */
export async function setupFindings(context: CliContext, now: Date): Promise<string[]> {
  const { paths, start } = context;
  const checks = await runChecks(wanted, { paths, start, now, fix: false });
  const all = [...checks, await findDisks(context), await findStationHere(context)];
  return ['Found on this machine:', ...all.flatMap(linesOf)];
}

const marks = { ok: 'ok  ', warn: 'WARN', fail: 'FAIL' } as const;
const linesOf = ({ verdict, happened, todo }: Omit<Finding, 'name'>): string[] => [
  `  ${marks[verdict]}  ${happened}`,
  ...(todo === '' ? [] : [`        -> ${todo}`]),
];

async function findDisks({ start }: CliContext): Promise<Omit<Finding, 'name'>> {
  const disks = possibleDisks(await listBlockDevices(start));
  return ok(
    disks.length === 0
      ? 'No USB disk is plugged in.'
      : `USB disks: ${disks.map((disk) => describeDisk(disk)[0] ?? disk.path).join('; ')}`,
  );
}

/** Settings of this program, or the scripts of a station that was set up by hand. */
async function findStationHere({ paths }: CliContext): Promise<Omit<Finding, 'name'>> {
  if ((await readIfThere(paths.config)) !== undefined)
    return ok(`This station is set up already: ${paths.config}. Its values are kept unless you change them.`);
  const old = await findOldSetup(oldScripts).catch(() => undefined);
  return old === undefined
    ? ok('No earlier set-up.')
    : {
        verdict: 'warn',
        happened: `A station that was set up by hand: ${old.script} builds its key.`,
        todo: 'To take it over, with its disks, press Ctrl-C and call: extbackup setup --adopt',
      };
}
