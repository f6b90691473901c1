import { count, describeAge, describeAgo, describeDuration } from '../text/wording.ts';
import { english, type Speaker } from '../words/speaker.ts';
import type { DriveStatus, RunStatus, Status } from '../protocol/status.ts';
import { describeSet } from './set-text.ts';
import { phaseWords } from '../protocol/phase-words.ts';
import { clockTime } from '../text/clock-time.ts';
import { commandLines } from '../text/command-lines.ts';
import { plainTable, trimEnds } from '../text/table.ts';

/** The present state as a person reads it: the important lines first, then one row for each disk. */
export function renderStatus(status: Status, now: Date): string {
  return [statusHead(status, now), ...(status.run === null ? [] : [runLine(status.run)]), statusBody(status, now)].join(
    '\n',
  );
}

const runLine = (run: RunStatus): string => {
  const last = run.lastTookMs === null ? '' : `; took ${describeDuration(run.lastTookMs)} last time`;
  return `Run           ${describeRun(run)}${last}`;
};

/** The first part: the freshest copy, and what the station waits for. */
export function statusHead(status: Status, now: Date): string {
  const { sets } = status.rotation;
  return [
    ...(sets === undefined
      ? [`Offline copy  ${describeOfflineCopy(status, now)}`, ...describeNext(status)]
      : sets.flatMap((set) => describeSet(status, set, now))),
    ...describeDrill(status, now),
    `Agent         ${status.agent === 'running' ? 'running' : 'STOPPED; start it: systemctl start extbackup'}`,
    `Key           ${status.key === 'loaded' ? 'loaded' : 'MISSING; load it: extbackup unlock'}`,
    ...describePause(status, now),
    ...status.noticed.map(describeNoticed),
  ].join('\n');
}

/** The second part: channels that fail, the disks, and warnings. */
export function statusBody(status: Status, now: Date): string {
  return [
    ...status.channels.flatMap((channel) => describeChannel(channel, now)),
    '',
    status.drives.length === 0
      ? 'No disk is enrolled yet. Prepare one: extbackup drive prepare --help'
      : renderDrives(status.drives, now),
    ...status.drives.flatMap(messageOf),
    ...status.warnings.map(({ at, text }) => commandLines(`Warning, ${clockTime(new Date(at), now)}: ${text}`)),
  ].join('\n');
}

/** A disk that is still starting up. */
function describeNoticed({ usbSerial, drive }: Status['noticed'][number]): string {
  const which = drive ?? (usbSerial === null ? 'a disk' : `the disk with serial number ${usbSerial}`);
  return `Noticed       ${which} was plugged in and is starting up`;
}

/** A channel that fails; working channels are not shown. */
function describeChannel({ name, undelivered, since, error }: Status['channels'][number], now: Date): string[] {
  if (error === null) return [];
  const waits = undelivered === 0 ? '' : `; ${count(undelivered, 'notice')} undelivered`;
  const from = since === null ? '' : ` since ${clockTime(new Date(since), now)}`;
  return [`Notices       ${name}: FAILS${from}${waits}: ${error}`];
}

/** The freshest copy on an unplugged disk: the one that is left if this machine and the server are lost. */
function describeOfflineCopy({ drives, rotation }: Status, now: Date): string {
  const { offlineCopy, overdue } = rotation;
  if (offlineCopy !== null)
    return `${describeAge(offlineCopy.at, now)} old, on ${offlineCopy.drive}${overdue ? '; TOO OLD' : ''}`;
  return drives.some(({ lastSuccess }) => lastSuccess !== null)
    ? `none: every disk with a backup is plugged in${overdue ? '; FOR TOO LONG' : ''}`
    : `none yet${overdue ? '; FOR TOO LONG' : ''}`;
}

/** The disk to bring next, unless it is plugged in, and the overdue disks. */
function describeNext({ drives, rotation: { next, overdueDrives } }: Status): string[] {
  const isHere = drives.some(({ label, present }) => label === next && present);
  return [
    ...(next === null || isHere ? [] : [`Bring next    ${next}`]),
    ...(overdueDrives.length === 0 ? [] : [`Overdue       ${overdueDrives.join(', ')}`]),
  ];
}

/** The last restored sample, where there was one or the settings ask for one. */
function describeDrill({ drill: { everySeconds, last, overdue } }: Status, now: Date): string[] {
  if (last === null && everySeconds === null) return [];
  const when = last === null ? 'none yet' : `${describeAge(last, now)} ago`;
  return [`Last drill    ${when}${overdue ? '; OVERDUE. Plug a disk in and type: extbackup drill' : ''}`];
}

function describePause({ paused }: Status, now: Date): string[] {
  if (paused === null) return [];
  const until = clockTime(new Date(paused.until), now);
  return [`Paused        until ${until}, by ${paused.by}: no run starts by itself. To end the pause: extbackup resume`];
}

/** A run in one line: disk, phase and progress. */
export function describeRun(run: RunStatus, words: Speaker = english): string {
  const { bytes, expectedBytes, checked, etaSeconds } = run;
  const parts = [`${run.drive}: ${run.source === undefined ? '' : `${run.source}, `}${phaseWords(run.phase, words)}`];
  if (run.percent !== null) parts.push(`${Math.floor(run.percent)} %`);
  if (expectedBytes !== null)
    parts.push(words.say('run.part', { done: words.size(bytes), expected: words.size(expectedBytes) }));
  else if (bytes > 0) parts.push(words.size(bytes));
  if (run.files > 0) parts.push(words.count(run.files, 'file'));
  if (run.percent === null && checked !== null) parts.push(words.say('run.looked', { percent: Math.floor(checked) }));
  if (etaSeconds !== null) parts.push(words.say('run.left', { duration: describeDuration(etaSeconds * 1000) }));
  return parts.join(', ');
}

/** The state of a disk in words, and whether the disk was made quiet. */
export function wordsOf({ state, parked, poweredOff }: DriveStatus, words: Speaker = english): string {
  const said = words.say(`state.${state}`);
  if (poweredOff === true) return words.say('state.poweredOff', { state: said });
  return parked === true ? words.say('state.parked', { state: said }) : said;
}

/** An open disk shows its message in place of the state. */
const isOpen = (drive: DriveStatus): boolean => drive.state === 'open' && drive.message !== null;

/** The message of a disk, shown below the table because it is too long for a column. */
const messageOf = (drive: DriveStatus): string[] =>
  drive.message === null || isOpen(drive) ? [] : [commandLines(`${drive.label}: ${drive.message}`)];

function renderDrives(drives: readonly DriveStatus[], now: Date): string {
  const table = plainTable(['Disk', 'State', 'Last backup', '']);
  for (const drive of drives) {
    const remarks = [
      drive.overdue ? 'overdue' : '',
      drive.nextUp && !drive.present ? 'bring it next' : '',
      ...drive.health,
    ];
    table.push([
      drive.label,
      isOpen(drive) ? drive.message : wordsOf(drive),
      describeAgo(drive.lastSuccess, now),
      remarks.filter((text) => text !== '').join('; '),
    ]);
    for (const { name, lastSuccess, lastError } of drive.sources ?? []) {
      if (lastError !== null)
        table.push([
          `  ${name}`,
          lastError === 'EXB_HELD' ? 'held' : 'not complete',
          describeAgo(lastSuccess, now),
          '',
        ]);
    }
  }
  return trimEnds(table.toString());
}
