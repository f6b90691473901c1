import { readFile, readlink } from 'node:fs/promises';
import { remarksOf, unknownHealth } from '../records/disk-health.ts';
import type { DriveRecord } from '../records/drive-record.ts';
import { createDriveRegistry } from '../records/drive-registry.ts';
import { count } from '../text/wording.ts';
import { readAgentStatus } from '../client/read-status.ts';
import { planRotation } from '../records/rotation.ts';
import { CommandError, type StartProgram } from '../system/command.ts';
import { canConfine } from '../system/confine.ts';
import { findVolumes } from '../disk/volumes.ts';
import { askSmart, hasSmartctl } from '../disk/smart.ts';
import { files } from '../system/paths.ts';
import { fail, ok, warn, type Check, type ConfiguredPatient } from './check.ts';
import { localDay } from '../text/local-time.ts';

/** The registry, the agent and the weekly fallback. */
export const agentChecks: readonly Check[] = [
  {
    name: 'disk-list',
    check: async ({ paths }) => {
      const { usable, trouble } = await createDriveRegistry(files.drives(paths)).read();
      if (!trouble) return ok('The list of enrolled disks can be read.');
      return (usable ? warn : fail)(trouble.happened, trouble.todo);
    },
  },
  {
    name: 'agent',
    check: async ({ paths, start, fix }) => {
      if (fix && (await readAgentStatus(paths)) === undefined) await startIfEnabled(start);
      const agent = await readAgentStatus(paths);
      if (agent === undefined)
        return fail(
          'The agent is not running, so a plugged disk is not noticed.',
          'Start it: systemctl enable --now extbackup ; if that fails: journalctl -u extbackup',
        );
      return ok(`The agent is running (process ${agent.pid}).`);
    },
  },
  {
    name: 'agent-hardening',
    check: async ({ paths }) => {
      const agent = await readAgentStatus(paths);
      if (agent === undefined)
        return warn('Not checked: the protection of the agent. It is not running.', 'See the line above.');
      const weak: string[] = [];
      const [itsMounts, ourMounts] = await Promise.all([
        readlink(`/proc/${agent.pid}/ns/mnt`),
        readlink('/proc/1/ns/mnt'),
      ]);
      if (itsMounts === ourMounts) weak.push('its mounts are visible to everybody');
      if (!/^Max core file size\s+0\s/m.test(await readFile(`/proc/${agent.pid}/limits`, 'utf8')))
        weak.push('it may leave a core dump');
      if (!/^NoNewPrivs:\s+1$/m.test(await readFile(`/proc/${agent.pid}/status`, 'utf8')))
        weak.push('it may gain privileges');
      return weak.length === 0
        ? ok('The agent has mounts of its own, leaves no core dump and gains no privileges.')
        : fail(
            `The agent is not protected as it should be: ${weak.join(', ')}.`,
            'Start it with the unit of the package: systemctl restart extbackup ; look for overrides: systemctl cat extbackup',
          );
    },
  },
  {
    name: 'rsync-confined',
    check: async ({ start }) =>
      (await canConfine(start))
        ? ok(
            'rsync runs in a box: it sees nothing of this machine but the opened disk, and no history of earlier runs is writable.',
          )
        : warn(
            'rsync runs without its box: bwrap is missing or does not work here. A hostile server could reach more of ' +
              'this machine than the opened disk.',
            'Install it again: apt-get install --reinstall bubblewrap',
          ),
  },
  {
    name: 'timer',
    check: async ({ start }) => {
      const state = await timerState(start);
      if (state === 'enabled') return ok('The weekly fallback is on (extbackup.timer).');
      return state === 'unknown'
        ? warn(
            'Not checked: the weekly fallback. There is no systemd.',
            'An example for cron is in /usr/share/doc/extbackup/examples.',
          )
        : ok('The weekly fallback is off; it is only needed for a disk that stays plugged in.');
    },
  },
];

/** An agent that somebody has disabled stays off. Type=notify: it has written its status when systemctl returns. */
async function startIfEnabled(start: StartProgram): Promise<void> {
  const systemctl = { file: '/usr/bin/systemctl', timeoutMs: 60_000 } as const;
  try {
    const { stdout } = await start({ ...systemctl, args: ['is-enabled', 'extbackup.service'], accept: [1, 4] });
    if (stdout.trim() === 'enabled') await start({ ...systemctl, args: ['start', 'extbackup.service'] });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error; // the finding reports that it does not run
  }
}

async function timerState(start: StartProgram): Promise<'enabled' | 'off' | 'unknown'> {
  try {
    const { stdout } = await start({
      file: '/usr/bin/systemctl',
      args: ['is-enabled', 'extbackup.timer'],
      timeoutMs: 20_000,
      accept: [1, 4],
    });
    if (stdout.trim() === '') return 'unknown';
    return stdout.trim() === 'enabled' ? 'enabled' : 'off';
  } catch (error) {
    if (error instanceof CommandError) return 'unknown';
    throw error;
  }
}

/** The disks and how old their copies are. */
export const rotationChecks: readonly Check<ConfiguredPatient>[] = [
  {
    name: 'disks',
    check: async ({ paths }) => {
      const active = (await createDriveRegistry(files.drives(paths)).list()).filter(({ state }) => state === 'active');
      if (active.length === 0)
        return fail('No disk is enrolled, so there are no backups.', 'Prepare one: extbackup drive prepare --help');
      if (active.length === 1)
        return warn(
          'Only one disk is enrolled: while it is plugged in, there is no offline copy.',
          'Prepare a second one: extbackup drive prepare --help',
        );
      const bad = active.filter(({ lastError }) => lastError !== null);
      return bad.length === 0
        ? ok(`${count(active.length, 'disk')} enrolled: ${active.map(({ label }) => label).join(', ')}.`)
        : warn(
            `The last run failed for ${bad.map(({ label, lastError }) => `${label} (${lastError ?? ''})`).join(', ')}.`,
            'See: extbackup history',
          );
    },
  },
  {
    name: 'disk-health',
    check: async ({ paths, start }) => {
      const drives = (await createDriveRegistry(files.drives(paths)).list()).filter(({ state }) => state === 'active');
      const bad = drives.flatMap(({ label, health }) => remarksOf(health).map((remark) => `${label}: ${remark}`));
      const here = await askPlugged(start, drives);
      bad.push(...here.bad);
      if (bad.length > 0)
        return warn(
          `Disks with trouble: ${[...new Set(bad)].join('; ')}.`,
          'Damaged files: extbackup verify --help. For a disk that fails, prepare another one: extbackup drive prepare --help',
        );
      return ok(`No disk has known trouble. ${here.told}`);
    },
  },
  {
    name: 'rotation',
    check: async ({ paths, config, now }) => {
      const records = await createDriveRegistry(files.drives(paths)).list();
      const strange = Object.keys(config.rotation.drives).filter(
        (name) => !records.some(({ label }) => label === name),
      );
      if (strange.length > 0)
        return warn(
          `The setting rotation.drives names disks that are not enrolled: ${strange.join(', ')}.`,
          'Correct it in the settings; see: extbackup drive list',
        );
      const inNone = config.rotation.sets === undefined ? [] : withoutSet(records, config.rotation.sets);
      if (inNone.length > 0)
        return warn(
          `These disks belong to none of the sets, so no run uses them: ${inNone.join(', ')}.`,
          'Name them under drives: of a set, in rotation.sets of the settings.',
        );
      const places = planRotation(records, config.rotation, now);
      const late = records
        .filter(({ label }) => places.get(label)?.overdue === true)
        .map(
          ({ label, lastSuccess }) =>
            `${label} (last backup ${lastSuccess === null ? 'never' : localDay(lastSuccess)})`,
        );
      return late.length === 0
        ? ok('No disk is overdue.')
        : warn(
            `Overdue: ${late.join(', ')}.`,
            'Bring it and plug it in. If it is gone for good: extbackup drive forget',
          );
    },
  },
];

/** Reads the SMART health of the plugged disks. */
async function askPlugged(
  start: StartProgram,
  drives: readonly DriveRecord[],
): Promise<{ readonly bad: readonly string[]; readonly told: string }> {
  const plugged = (await findVolumes(start)).flatMap(({ luksUuid, disk }) =>
    drives.filter((drive) => drive.luksUuid === luksUuid).map(({ label }) => ({ label, disk })),
  );
  if (plugged.length === 0) return { bad: [], told: 'No disk is plugged in for a SMART check.' };
  if (!(await hasSmartctl())) return { bad: [], told: 'SMART was not checked: apt-get install smartmontools' };
  const bad: string[] = [];
  const told: string[] = [];
  for (const { label, disk } of plugged) {
    const verdict = await askSmart(start, disk);
    told.push(verdict === undefined ? `${label} reports no SMART health.` : `${label} reports good SMART health.`);
    if (verdict)
      bad.push(
        ...remarksOf({ ...unknownHealth, smart: verdict.state, smartRemarks: [...verdict.remarks] }).map(
          (remark) => `${label}: ${remark}`,
        ),
      );
  }
  return { bad, told: told.join(' ') };
}

const withoutSet = (
  records: readonly DriveRecord[],
  sets: readonly { readonly drives: readonly string[] }[],
): string[] =>
  records
    .filter(({ label, state }) => state === 'active' && !sets.some(({ drives }) => drives.includes(label)))
    .map(({ label }) => label);
