import { localTime, zoneName } from '../text/local-time.ts';
import { plainTable, trimEnds } from '../text/table.ts';
import { count, describeAge } from '../text/wording.ts';
import type { Station } from './fleet.ts';
import { markup } from '../text/markup.ts';
import { htmlTable, wholePage, type Column } from './page.ts';

const levelClasses = { good: '', attention: 'gaps', trouble: 'failure' } as const;
const levelWords = { good: 'all is well', attention: 'look', trouble: 'TROUBLE' } as const;

const columns: readonly Column[] = [
  { head: 'State' },
  { head: 'Station' },
  { head: 'Freshest offline copy' },
  { head: 'Bring next' },
  { head: 'Status of', isTime: true },
  { head: 'Remark' },
];

/** Every station's freshest copy on one self-contained page. */
export function fleetPage(stations: readonly Station[], now: Date): string {
  const worst = stations[0]?.level ?? 'good';
  const rows = stations.map((station) => [
    markup`<span class="${levelClasses[station.level]}">${levelWords[station.level]}</span>`,
    station.name,
    copyOf(station, now),
    station.status?.rotation.next ?? '',
    station.status === undefined ? '' : localTime(new Date(station.status.updatedAt)),
    station.troubles.join(' '),
  ]);
  const title = 'Backup stations';
  return wholePage(
    title,
    markup`<h1>${title}</h1>
<p class="quiet">${localTime(now)}, ${zoneName()}</p>
<div class="headline ${worst}"><p><strong>${headlineOf(stations)}</strong></p></div>
${htmlTable(columns, rows)}`,
  );
}

/** The same as a table for a terminal. */
export function fleetText(stations: readonly Station[], now: Date): string {
  const table = plainTable(['', 'Station', 'Freshest offline copy', 'Next', '']);
  for (const station of stations)
    table.push([
      levelWords[station.level],
      station.name,
      copyOf(station, now),
      station.status?.rotation.next ?? '',
      station.troubles.join(' '),
    ]);
  return `${headlineOf(stations)}\n\n${trimEnds(table.toString())}`;
}

function copyOf({ status }: Station, now: Date): string {
  if (status === undefined) return 'not known';
  const { offlineCopy } = status.rotation;
  return offlineCopy === null ? 'none' : `${describeAge(offlineCopy.at, now)} old, ${offlineCopy.drive}`;
}

function headlineOf(stations: readonly Station[]): string {
  const bad = stations.filter(({ level }) => level === 'trouble').length;
  const total = count(stations.length, 'station');
  return bad === 0 ? `${total}, none in trouble` : `${total}, ${bad} in trouble`;
}
