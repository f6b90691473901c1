import type { RunRecord } from '../records/run-record.ts';
import { zoneName } from '../text/local-time.ts';
import { describeDuration } from '../text/wording.ts';
import type { Speaker } from '../words/speaker.ts';
import { bars, type Bar } from './bars.ts';
import { calendar } from './calendar.ts';
import type { ReportedApproval, ReportedDisk, ReportFacts } from './facts.ts';
import { markup, nothing, type Markup } from '../text/markup.ts';
import { placeOf, remarkOnRotation, timeOr } from './cells.ts';
import { remarkOf } from './outcomes.ts';
import { htmlTable, wholePage } from './page.ts';
import { judgeReport } from './verdict.ts';

const shownRuns = 40;
const day = 86_400_000;

/** The report as one self-contained page. */
export function reportPage(facts: ReportFacts, words: Speaker): string {
  const now = new Date(facts.madeAt);
  const { level, headline, troubles, next } = judgeReport(facts, words);
  const weeks = Math.min(53, Math.max(4, Math.ceil((now.getTime() - Date.parse(facts.since)) / (7 * day)) + 1));
  const active = facts.disks.filter(({ state }) => state === 'active');
  const title = words.say('report.title', { station: facts.station });
  const span = { from: words.date(new Date(facts.since)), to: words.time(now), zone: zoneName() };
  const body = markup`<h1>${title}</h1>
<p class="quiet">${words.say('report.span', span)}</p>
<div class="headline ${level}"><p><strong>${headline}</strong></p>${troubles.map((text) => markup`<p>${text}</p>`)}<p>${next}</p></div>
<h2>${words.say('report.disks')}</h2>
${disksTable(facts.disks, words)}
<h2>${words.say('report.rotation')}</h2>
<p class="quiet">${words.say('report.legend')}</p>
${active.map((disk) => diskSection(disk, { now, weeks, words }, facts.runs))}
${facts.approvals.length === 0 ? nothing : markup`<h2>${words.say('report.approved')}</h2>\n${approvalsTable(facts.approvals, words)}`}
<h2>${words.say('report.runs')}</h2>
${runsTable(facts.runs, words)}`;
  return wholePage(title, body, words.language);
}

function disksTable(disks: readonly ReportedDisk[], words: Speaker): Markup {
  const rows = disks.map((disk) => [
    disk.label,
    placeOf(disk, words),
    timeOr(disk.lastSuccess, words, 'cell.never'),
    disk.bytesTotal === 0 ? '–' : words.size(disk.bytesTotal),
    disk.capacityBytes === 0 ? '–' : words.size(disk.capacityBytes),
    timeOr(disk.readBackAt, words, 'cell.notYet'),
    timeOr(disk.drilledAt, words, 'cell.notYet'),
    healthOf(disk, words),
    remarkOnRotation(disk, words),
  ]);
  const number = true;
  return htmlTable(
    [
      { head: words.say('head.disk') },
      { head: words.say('head.where') },
      { head: words.say('head.lastBackup'), isTime: true },
      { head: words.say('head.backup'), isNumber: number },
      { head: words.say('head.diskSize'), isNumber: number },
      { head: words.say('head.readBack'), isTime: true },
      { head: words.say('head.sample'), isTime: true },
      { head: words.say('head.health') },
      { head: words.say('head.remark') },
    ],
    rows,
  );
}

function healthOf({ remarks, smart }: ReportedDisk, words: Speaker): string {
  if (remarks.length > 0) return remarks.join(', ');
  return words.say(smart === 'passed' ? 'cell.smartPassed' : 'cell.nothingKnown');
}

interface Moment {
  readonly now: Date;
  /** Weeks that the calendar shows. */
  readonly weeks: number;
  readonly words: Speaker;
}

function diskSection({ label }: ReportedDisk, { now, weeks, words }: Moment, runs: readonly RunRecord[]): Markup {
  const own = runs.filter(({ drive }) => drive === label);
  const last = own.slice(-shownRuns);
  const took = last.map((run) => ({
    value: run.tookMs,
    title: `${words.time(new Date(run.startedAt))}: ${describeDuration(run.tookMs)}`,
  }));
  const copied = last.map((run) => ({
    value: run.bytesTransferred ?? 0,
    title: `${words.time(new Date(run.startedAt))}: ${words.size(run.bytesTransferred ?? 0)}`,
  }));
  return markup`<h3>${label}</h3>
<div class="disk"><figure>${calendar({ label, runs: own }, now, weeks, words)}</figure>
<figure>${bars(words.say('report.durations', { drive: label }), took)}
<figcaption>${words.say('report.durationMost', { duration: describeDuration(highest(took)) })}</figcaption></figure>
<figure>${bars(words.say('report.sizes', { drive: label }), copied)}
<figcaption>${words.say('report.sizeMost', { size: words.size(highest(copied)) })}</figcaption></figure></div>
`;
}

const highest = (values: readonly Bar[]): number => Math.max(0, ...values.map(({ value }) => value));

function approvalsTable(approvals: readonly ReportedApproval[], words: Speaker): Markup {
  const rows = approvals.map(({ at, drive, by, reason }) => [words.time(new Date(at)), drive, by, reason]);
  return htmlTable(
    [
      { head: words.say('head.approvedIn', { zone: zoneName() }), isTime: true },
      { head: words.say('head.disk') },
      { head: words.say('head.by') },
      { head: words.say('head.reason') },
    ],
    rows,
  );
}

function runsTable(runs: readonly RunRecord[], words: Speaker): Markup {
  if (runs.length === 0) return markup`<p>${words.say('report.noRuns')}</p>`;
  const rows = runs
    .toReversed()
    .map((run) => [
      words.time(new Date(run.startedAt)),
      run.drive,
      markup`<span class="${run.outcome}">${words.say(`outcome.${run.outcome}`)}</span>`,
      describeDuration(run.tookMs),
      String(run.filesTransferred ?? '–'),
      run.bytesTransferred === null ? '–' : words.size(run.bytesTransferred),
      String(run.filesDeleted ?? '–'),
      remarkOf(run, words),
    ]);
  const isNumber = true;
  return htmlTable(
    [
      { head: words.say('head.startedIn', { zone: zoneName() }), isTime: true },
      { head: words.say('head.disk') },
      { head: words.say('head.end') },
      { head: words.say('head.took'), isNumber },
      { head: words.say('head.files'), isNumber },
      { head: words.say('head.copied'), isNumber },
      { head: words.say('head.deleted'), isNumber },
      { head: words.say('head.remark') },
    ],
    rows,
  );
}
