import prettyBytes from 'pretty-bytes';
import type { RunRecord } from '../records/run-record.ts';
import { localTime, zoneName } from '../text/local-time.ts';
import { describeDuration } from '../text/wording.ts';
import { bars, type Bar } from './bars.ts';
import { calendar } from './calendar.ts';
import type { ReportedApproval, ReportedDisk, ReportFacts } from './facts.ts';
import { markup, nothing, type Markup } from '../text/markup.ts';
import { outcomeWords } from './outcomes.ts';
import { htmlTable, wholePage } from './page.ts';
import { judgeReport } from './verdict.ts';

const shownRuns = 40;
const day = 86_400_000;

/** The report as one self-contained page. */
export function reportPage(facts: ReportFacts): string {
  const now = new Date(facts.madeAt);
  const { level, headline, troubles, next } = judgeReport(facts);
  const weeks = Math.min(53, Math.max(4, Math.ceil((now.getTime() - Date.parse(facts.since)) / (7 * day)) + 1));
  const active = facts.disks.filter(({ state }) => state === 'active');
  const title = `Backups of ${facts.station}`;
  const body = markup`<h1>${title}</h1>
<p class="quiet">${localTime(new Date(facts.since)).slice(0, 10)} to ${localTime(now)}, ${zoneName()}</p>
<div class="headline ${level}"><p><strong>${headline}</strong></p>${troubles.map((text) => markup`<p>${text}</p>`)}<p>${next}</p></div>
<h2>Disks</h2>
${disksTable(facts.disks)}
<h2>Rotation</h2>
<p class="quiet">One square a day. Empty: complete; ~ some files missing; ? stopped to ask; ! failed; – cancelled.</p>
${active.map((disk) => diskSection(disk, facts.runs, now, weeks))}
${facts.approvals.length === 0 ? nothing : markup`<h2>Approved by a person</h2>\n${approvalsTable(facts.approvals)}`}
<h2>Runs</h2>
${runsTable(facts.runs)}`;
  return wholePage(title, body);
}

function disksTable(disks: readonly ReportedDisk[]): Markup {
  const rows = disks.map((disk) => [
    disk.label,
    disk.state === 'active' ? (disk.here ? 'plugged in' : 'away') : disk.state,
    localOr('never', disk.lastSuccess),
    disk.bytesTotal === 0 ? '–' : prettyBytes(disk.bytesTotal),
    disk.capacityBytes === 0 ? '–' : prettyBytes(disk.capacityBytes),
    localOr('not yet', disk.readBackAt),
    localOr('not yet', disk.drilledAt),
    disk.remarks.length > 0 ? disk.remarks.join(', ') : disk.smart === 'passed' ? 'SMART: passed' : 'nothing known',
    [...(disk.overdue ? ['overdue'] : []), ...(disk.next ? ['bring it next'] : [])].join(', '),
  ]);
  const number = true;
  return htmlTable(
    [
      { head: 'Disk' },
      { head: 'Where' },
      { head: 'Last backup', isTime: true },
      { head: 'Backup', isNumber: number },
      { head: 'Disk size', isNumber: number },
      { head: 'Read back', isTime: true },
      { head: 'Sample restored', isTime: true },
      { head: 'Health' },
      { head: 'Remark' },
    ],
    rows,
  );
}

const localOr = (words: string, time: string | null): string => (time === null ? words : localTime(new Date(time)));

function diskSection({ label }: ReportedDisk, runs: readonly RunRecord[], now: Date, weeks: number): Markup {
  const own = runs.filter(({ drive }) => drive === label);
  const last = own.slice(-shownRuns);
  const took = last.map((run) => ({
    value: run.tookMs,
    title: `${localTime(new Date(run.startedAt))}: ${describeDuration(run.tookMs)}`,
  }));
  const copied = last.map((run) => ({
    value: run.bytesTransferred ?? 0,
    title: `${localTime(new Date(run.startedAt))}: ${prettyBytes(run.bytesTransferred ?? 0)}`,
  }));
  return markup`<h3>${label}</h3>
<div class="disk"><figure>${calendar(label, own, now, weeks)}</figure>
<figure>${bars(`Duration of the last runs of ${label}`, took)}
<figcaption>Duration, at most ${describeDuration(highest(took))}</figcaption></figure>
<figure>${bars(`Bytes copied by the last runs of ${label}`, copied)}
<figcaption>Copied, at most ${prettyBytes(highest(copied))}</figcaption></figure></div>
`;
}

const highest = (values: readonly Bar[]): number => Math.max(0, ...values.map(({ value }) => value));

function approvalsTable(approvals: readonly ReportedApproval[]): Markup {
  const rows = approvals.map(({ at, drive, by, reason }) => [localTime(new Date(at)), drive, by, reason]);
  return htmlTable(
    [{ head: `Approved (${zoneName()})`, isTime: true }, { head: 'Disk' }, { head: 'By' }, { head: 'Reason' }],
    rows,
  );
}

function runsTable(runs: readonly RunRecord[]): Markup {
  if (runs.length === 0) return markup`<p>There were no runs.</p>`;
  const rows = runs
    .toReversed()
    .map((run) => [
      localTime(new Date(run.startedAt)),
      run.drive,
      markup`<span class="${run.outcome}">${outcomeWords[run.outcome]}</span>`,
      describeDuration(run.tookMs),
      String(run.filesTransferred ?? '–'),
      run.bytesTransferred === null ? '–' : prettyBytes(run.bytesTransferred),
      String(run.filesDeleted ?? '–'),
      run.outcome === 'success' ? '' : run.message,
    ]);
  const isNumber = true;
  return htmlTable(
    [
      { head: `Started (${zoneName()})`, isTime: true },
      { head: 'Disk' },
      { head: 'End' },
      { head: 'Took', isNumber },
      { head: 'Files', isNumber },
      { head: 'Copied', isNumber },
      { head: 'Deleted', isNumber },
      { head: 'Remark' },
    ],
    rows,
  );
}
