import prettyBytes from 'pretty-bytes';
import { localTime, zoneName } from '../text/local-time.ts';
import type { ReportedDisk, ReportFacts } from './facts.ts';
import { markup, type Markup } from '../text/markup.ts';
import { htmlTable, wholePage } from './page.ts';

/** A page for auditors: the copies that exist, where they are, and when each was checked. */
export function evidencePage(facts: ReportFacts): string {
  const zone = zoneName();
  const title = `Evidence of backups: ${facts.station}`;
  const body = markup`<h1>${title}</h1>
<p class="quiet">Made on ${localTime(new Date(facts.madeAt))} (${zone}) from the records of this station.</p>
<h2>Copies</h2>
${copiesTable(facts.disks, zone)}
<p class="quiet">A copy counts as complete when rsync ended well and the disk was stamped. Read back: a part of the files, or all,
was read from the disk again and compared with the checksums of the time of copying. Sample restored:
a random sample of files was restored and compared, all without a fault. Each disk is encrypted with LUKS.</p>
<h2>Held runs that a person approved</h2>
${approvals(facts)}
<h2>Runs since ${localTime(new Date(facts.since)).slice(0, 10)}</h2>
${countsTable(facts)}`;
  return wholePage(title, body);
}

function copiesTable(disks: readonly ReportedDisk[], zone: string): Markup {
  const local = (time: string | null, words: string): string => (time === null ? words : localTime(new Date(time)));
  return htmlTable(
    [
      { head: 'Disk' },
      { head: `Complete copy of (${zone})`, isTime: true },
      { head: 'Files', isNumber: true },
      { head: 'Size', isNumber: true },
      { head: 'Where, at the time of this page' },
      { head: 'Read back', isTime: true },
      { head: 'Sample restored', isTime: true },
      { head: 'Restored from', isTime: true },
    ],
    disks.map((disk) => [
      disk.label,
      local(disk.lastSuccess, 'none yet'),
      String(disk.filesTotal),
      prettyBytes(disk.bytesTotal),
      placeOf(disk),
      local(disk.readBackAt, 'not yet'),
      local(disk.drilledAt, 'not yet'),
      local(disk.restoredAt, 'not yet'),
    ]),
  );
}

function placeOf({ state, here }: ReportedDisk): string {
  if (state === 'lost') return 'lost';
  if (state === 'retired') return 'retired';
  return here ? 'plugged in at the station' : 'away from the station';
}

function approvals({ approvals: list }: ReportFacts): Markup {
  if (list.length === 0) return markup`<p>None.</p>`;
  return htmlTable(
    [{ head: 'When', isTime: true }, { head: 'Disk' }, { head: 'By' }, { head: 'Reason' }],
    list.map(({ at, drive, by, reason }) => [localTime(new Date(at)), drive, by, reason]),
  );
}

function countsTable({ disks, runs }: ReportFacts): Markup {
  const number = (label: string, outcome: string): string =>
    String(runs.filter((run) => run.drive === label && run.outcome === outcome).length);
  const outcomes = ['success', 'gaps', 'held', 'failure', 'cancelled'];
  return htmlTable(
    ['Disk', 'Complete', 'Some files missing', 'Stopped to ask', 'Failed', 'Cancelled'].map((head, at) => ({
      head,
      isNumber: at > 0,
    })),
    disks.map(({ label }) => [label, ...outcomes.map((outcome) => number(label, outcome))]),
  );
}
