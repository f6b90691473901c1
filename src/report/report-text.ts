import { localDay, localTime, zoneName } from '../text/local-time.ts';
import { plainTable, trimEnds } from '../text/table.ts';
import { count } from '../text/wording.ts';
import type { ReportFacts } from './facts.ts';
import { outcomeWords } from './outcomes.ts';
import { judgeReport } from './verdict.ts';

/** The report in plain text, for a terminal or a mail. */
export function reportText(facts: ReportFacts): string {
  const { headline, troubles, next } = judgeReport(facts);
  const table = plainTable(['Disk', 'Where', `Last backup (${zoneName()})`, 'Read back', 'Drill', 'Runs', '']);
  for (const disk of facts.disks)
    table.push([
      disk.label,
      disk.state === 'active' ? (disk.here ? 'plugged in' : 'away') : disk.state,
      disk.lastSuccess === null ? 'never' : localTime(new Date(disk.lastSuccess)),
      disk.readBackAt === null ? 'not yet' : localTime(new Date(disk.readBackAt)),
      disk.drilledAt === null ? 'not yet' : localDay(disk.drilledAt),
      runsOf(facts, disk.label),
      [...(disk.overdue ? ['overdue'] : []), ...(disk.next ? ['bring it next'] : [])].join(', '),
    ]);
  const from = localTime(new Date(facts.since)).slice(0, 10);
  return [
    `Backups of ${facts.station} since ${from}`,
    '',
    headline,
    ...troubles,
    ...(next === '' ? [] : [next]),
    '',
    facts.disks.length === 0 ? 'No disk is enrolled yet.' : trimEnds(table.toString()),
  ].join('\n');
}

/** Such as "12 runs (2 failed, 1 stopped to ask)". */
function runsOf({ runs }: ReportFacts, label: string): string {
  const own = runs.filter(({ drive }) => drive === label);
  const parts = (['failure', 'held', 'gaps'] as const).flatMap((outcome) => {
    const number = own.filter((run) => run.outcome === outcome).length;
    return number === 0 ? [] : [`${number} ${outcomeWords[outcome]}`];
  });
  return parts.length === 0 ? count(own.length, 'run') : `${count(own.length, 'run')} (${parts.join(', ')})`;
}
