import { zoneName } from '../text/local-time.ts';
import type { ReportedDisk, ReportFacts } from './facts.ts';
import { markup, type Markup } from '../text/markup.ts';
import type { Speaker } from '../words/speaker.ts';
import { timeOr } from './cells.ts';
import { htmlTable, wholePage } from './page.ts';

/** A page for auditors: the copies that exist, where they are, and when each was checked. */
export function evidencePage(facts: ReportFacts, words: Speaker): string {
  const zone = zoneName();
  const title = words.say('evidence.title', { station: facts.station });
  const body = markup`<h1>${title}</h1>
<p class="quiet">${words.say('evidence.made', { moment: words.time(new Date(facts.madeAt)), zone })}</p>
<h2>${words.say('evidence.copies')}</h2>
${copiesTable(facts.disks, zone, words)}
<p class="quiet">${words.say('evidence.explained')}</p>
<h2>${words.say('evidence.approvals')}</h2>
${approvals(facts, words)}
<h2>${words.say('evidence.runs', { day: words.date(new Date(facts.since)) })}</h2>
${countsTable(facts, words)}`;
  return wholePage(title, body, words.language);
}

function copiesTable(disks: readonly ReportedDisk[], zone: string, words: Speaker): Markup {
  return htmlTable(
    [
      { head: words.say('head.disk') },
      { head: words.say('head.completeIn', { zone }), isTime: true },
      { head: words.say('head.files'), isNumber: true },
      { head: words.say('head.size'), isNumber: true },
      { head: words.say('head.whereNow') },
      { head: words.say('head.readBack'), isTime: true },
      { head: words.say('head.sample'), isTime: true },
      { head: words.say('head.restoredFrom'), isTime: true },
    ],
    disks.map((disk) => [
      disk.label,
      timeOr(disk.lastSuccess, words, 'cell.noneYet'),
      String(disk.filesTotal),
      words.size(disk.bytesTotal),
      placeOf(disk, words),
      timeOr(disk.readBackAt, words, 'cell.notYet'),
      timeOr(disk.drilledAt, words, 'cell.notYet'),
      timeOr(disk.restoredAt, words, 'cell.notYet'),
    ]),
  );
}

/** The same as in the report, but in full: an auditor reads this page alone. */
function placeOf({ state, here }: ReportedDisk, words: Speaker): string {
  if (state !== 'active') return words.say(`cell.${state}`);
  return words.say(here ? 'cell.atStation' : 'cell.awayFrom');
}

function approvals({ approvals: list }: ReportFacts, words: Speaker): Markup {
  if (list.length === 0) return markup`<p>${words.say('evidence.none')}</p>`;
  const heads = (['head.when', 'head.disk', 'head.by', 'head.reason'] as const).map((name) => words.say(name));
  return htmlTable(
    heads.map((head, at) => ({ head, isTime: at === 0 })),
    list.map(({ at, drive, by, reason }) => [words.time(new Date(at)), drive, by, reason]),
  );
}

function countsTable({ disks, runs }: ReportFacts, words: Speaker): Markup {
  const number = (label: string, outcome: string): string =>
    String(runs.filter((run) => run.drive === label && run.outcome === outcome).length);
  const outcomes = ['success', 'gaps', 'held', 'failure', 'cancelled'] as const;
  return htmlTable(
    [
      { head: words.say('head.disk') },
      ...outcomes.map((outcome) => ({ head: words.say(`head.${outcome}`), isNumber: true })),
    ],
    disks.map(({ label }) => [label, ...outcomes.map((outcome) => number(label, outcome))]),
  );
}
