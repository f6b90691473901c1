import { zoneName } from '../text/local-time.ts';
import { plainTable, trimEnds } from '../text/table.ts';
import type { Speaker } from '../words/speaker.ts';
import { placeOf, remarkOnRotation, timeOr } from './cells.ts';
import type { ReportFacts } from './facts.ts';
import { judgeReport } from './verdict.ts';

/** The report in plain text, for a terminal or a mail. */
export function reportText(facts: ReportFacts, words: Speaker): string {
  const { headline, troubles, next } = judgeReport(facts, words);
  const table = plainTable([
    words.say('head.disk'),
    words.say('head.where'),
    words.say('head.lastBackupIn', { zone: zoneName() }),
    words.say('head.readBack'),
    words.say('head.drill'),
    words.say('head.runs'),
    '',
  ]);
  for (const disk of facts.disks)
    table.push([
      disk.label,
      placeOf(disk, words),
      timeOr(disk.lastSuccess, words, 'cell.never'),
      timeOr(disk.readBackAt, words, 'cell.notYet'),
      disk.drilledAt === null ? words.say('cell.notYet') : words.date(new Date(disk.drilledAt)),
      runsOf(facts, disk.label, words),
      remarkOnRotation(disk, words),
    ]);
  return [
    words.say('report.since', { station: facts.station, day: words.date(new Date(facts.since)) }),
    '',
    headline,
    ...troubles,
    ...(next === '' ? [] : [next]),
    '',
    facts.disks.length === 0 ? words.say('report.noDisks') : trimEnds(table.toString()),
  ].join('\n');
}

/** Such as "12 runs (2 failed, 1 stopped to ask)". */
function runsOf({ runs }: ReportFacts, label: string, words: Speaker): string {
  const own = runs.filter(({ drive }) => drive === label);
  const parts = (['failure', 'held', 'gaps'] as const).flatMap((outcome) => {
    const number = own.filter((run) => run.outcome === outcome).length;
    return number === 0 ? [] : [`${number} ${words.say(`outcome.${outcome}`)}`];
  });
  const all = words.count(own.length, 'run');
  return parts.length === 0 ? all : `${all} (${parts.join(', ')})`;
}
