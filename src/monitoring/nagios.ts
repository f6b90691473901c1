/** `extbackup check`: the state for Nagios, Icinga or Zabbix; see the Monitoring Plugins Development Guidelines. */
import { cadenceOf, type RotationSetting } from '../config/rotation-setting.ts';
import type { DriveState, DriveStatus, SetStatus, Status } from '../protocol/status.ts';
import { count, describeAge } from '../text/wording.ts';
import type { Severity } from './plugin-exit.ts';

/** The output and the exit code of a plugin. */
export interface PluginAnswer {
  readonly severity: Severity;
  /** One line with performance data behind "|", then one line for each finding. */
  readonly text: string;
}

interface Finding {
  readonly severity: Exclude<Severity, 'ok'>;
  readonly text: string;
}

/** States that are no finding: the disk makes progress, or is at rest. */
const severityOfState: Readonly<Partial<Record<DriveState, Finding['severity']>>> = {
  'do-not-unplug': 'critical',
  open: 'warning',
  failed: 'warning',
  held: 'warning',
  'waiting-for-key': 'warning',
  'waiting-for-server': 'warning',
};

/** The limits of ages, from the setting `rotation`. */
type Limits = Pick<RotationSetting, 'every' | 'drives' | 'offline'>;

/** Judges a state. `rotation` gives the limits of the performance data. */
export function judge(status: Status, rotation: Limits, now: Date): PluginAnswer {
  const findings = [
    ...ofStation(status),
    ...ofRotation(status),
    ...ofDrill(status, now),
    ...status.drives.flatMap((drive) => ofDrive(drive, now)),
    ...status.warnings.map(({ text }): Finding => ({ severity: 'warning', text })),
  ];
  const severity = worst(findings);
  const first = findings.find((finding) => finding.severity === severity)?.text ?? goodNews(status, now);
  const more = findings.length > 1 ? ` (and ${count(findings.length - 1, 'more finding')})` : '';
  const lines = [
    `EXTBACKUP ${severity.toUpperCase()}: ${onOneLine(first)}${more} | ${performanceData(status, rotation, now)}`,
    ...findings.map((finding) => `${finding.severity.toUpperCase()}: ${onOneLine(finding.text)}`),
  ];
  return { severity, text: lines.join('\n') };
}

/** The output when the state cannot be read. */
export function unknownState(reason: string, todo: string): PluginAnswer {
  return { severity: 'unknown', text: `EXTBACKUP UNKNOWN: ${onOneLine(reason)} ${onOneLine(todo)}` };
}

function ofStation({ agent, key, drives }: Status): Finding[] {
  if (drives.length === 0) return [{ severity: 'warning', text: 'No disk is enrolled.' }];
  return [
    ...(agent === 'running'
      ? []
      : [{ severity: 'critical', text: 'The agent is not running: systemctl start extbackup' } as const]),
    ...(key === 'loaded'
      ? []
      : [{ severity: 'warning', text: 'The key is not loaded, so no run can start: extbackup unlock' } as const]),
  ];
}

function ofRotation({ rotation, drives }: Status): Finding[] {
  if (drives.length === 0) return [];
  if (rotation.sets !== undefined) return rotation.sets.flatMap(ofSet);
  if (!rotation.overdue) return [];
  const { offlineCopy } = rotation;
  const which =
    offlineCopy === null
      ? 'There is no backup on a disk that is not plugged in.'
      : `The freshest backup on a disk that is not plugged in is too old: ${offlineCopy.drive}, ${days(offlineCopy.ageSeconds)}.`;
  return [{ severity: 'critical', text: `${which}${rotation.next === null ? '' : ` Bring ${rotation.next}.`}` }];
}

function ofSet({ name, overdue, offlineCopy, next, sources }: SetStatus): Finding[] {
  const bring = next === null ? '' : ` Bring ${next}.`;
  const missing = sources.filter((source) => source.offlineCopy === null).map((source) => source.name);
  const none = `The set ${name} has no offline copy of ${missing.join(', ')}.`;
  if (!overdue) return missing.length === 0 ? [] : [{ severity: 'warning', text: `${none}${bring}` }];
  const which =
    offlineCopy === null
      ? missing.length === 0
        ? `No disk of the set ${name} that is not plugged in has all its sources.`
        : none
      : `The freshest offline copy of the set ${name} is too old: ${offlineCopy.drive}, ${days(offlineCopy.ageSeconds)}.`;
  return [{ severity: 'critical', text: `${which}${bring}` }];
}

function ofDrill({ drill: { last, overdue } }: Status, now: Date): Finding[] {
  if (!overdue) return [];
  const when =
    last === null ? 'No sample of files was ever restored' : `The last drill was ${describeAge(last, now)} ago`;
  return [{ severity: 'warning', text: `${when}: extbackup drill` }];
}

function ofDrive(drive: DriveStatus, now: Date): Finding[] {
  const severity = severityOfState[drive.state];
  const at = drive.copyFrom ?? drive.lastSuccess;
  const age = at === null ? 'no backup yet' : `last backup ${describeAge(at, now)} ago`;
  return [
    ...(severity === undefined
      ? []
      : [{ severity, text: `${drive.label}: ${drive.state}. ${drive.message ?? ''}`.trimEnd() }]),
    ...(drive.overdue ? [{ severity: 'warning', text: `${drive.label} is overdue: ${age}.` } as const] : []),
    ...drive.health.map((remark): Finding => ({ severity: 'warning', text: `${drive.label}: ${remark}` })),
  ];
}

function worst(findings: readonly Finding[]): Severity {
  if (findings.some(({ severity }) => severity === 'critical')) return 'critical';
  return findings.length > 0 ? 'warning' : 'ok';
}

function goodNews({ rotation }: Status, now: Date): string {
  if (rotation.sets !== undefined)
    return rotation.sets
      .map(({ name, offlineCopy: copy, next }) => {
        const age = copy === null ? 'no offline copy yet' : `${copy.drive}, ${describeAge(copy.at, now)} old`;
        return `${name}: ${age}${next === null ? '' : `, next ${next}`}`;
      })
      .join('; ');
  const { offlineCopy, next } = rotation;
  const copy =
    offlineCopy === null
      ? 'no offline copy yet'
      : `offline copy ${offlineCopy.drive}, ${describeAge(offlineCopy.at, now)} old`;
  return next === null ? copy : `${copy}; next disk ${next}`;
}

/** `'label'=value[unit];warning;critical;minimum`, in seconds. */
function performanceData(status: Status, rotation: Limits, now: Date): string {
  const seconds = (ms: number): number => Math.round(ms / 1000);
  const { offlineCopy } = status.rotation;
  return [
    `'offline_copy_age'=${offlineCopy === null ? 'U' : `${offlineCopy.ageSeconds}s`};;${seconds(rotation.offline)};0`,
    ...(status.rotation.sets ?? []).map(
      ({ name, offlineCopy: copy }) =>
        `'${name}_offline_copy_age'=${copy === null ? 'U' : `${copy.ageSeconds}s`};;${seconds(rotation.offline)};0`,
    ),
    ...status.drives.map(({ label, lastSuccess, copyFrom = lastSuccess }) => {
      const age = copyFrom === null ? 'U' : `${Math.max(0, seconds(now.getTime() - Date.parse(copyFrom)))}s`;
      return `'${label}_age'=${age};${seconds(cadenceOf(rotation, label))};;0`;
    }),
    `'drives_overdue'=${status.rotation.overdueDrives.length};;;0`,
  ].join(' ');
}

const days = (ageSeconds: number): string => `${count(Math.floor(ageSeconds / 86_400), 'day')} old`;

/** "|" would begin performance data. */
const onOneLine = (text: string): string => text.replace(/[\n\r]+/g, ' ').replaceAll('|', '/');
