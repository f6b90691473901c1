import { zoneName } from '../text/local-time.ts';
import { plainTable, trimEnds } from '../text/table.ts';
import type { Speaker } from '../words/speaker.ts';
import type { Station } from './fleet.ts';
import { markup } from '../text/markup.ts';
import { htmlTable, wholePage } from './page.ts';

const levelClasses = { good: '', attention: 'gaps', trouble: 'failure' } as const;

/** Every station's freshest copy on one self-contained page. */
export function fleetPage(stations: readonly Station[], now: Date, words: Speaker): string {
  const worst = stations[0]?.level ?? 'good';
  const rows = stations.map((station) => [
    markup`<span class="${levelClasses[station.level]}">${words.say(`fleet.${station.level}`)}</span>`,
    station.name,
    copyOf(station, now, words),
    station.status?.rotation.next ?? '',
    station.status === undefined ? '' : words.time(new Date(station.status.updatedAt)),
    station.troubles.join(' '),
  ]);
  const title = words.say('fleet.title');
  const heads = [
    'head.state',
    'head.station',
    'head.freshest',
    'head.bringNext',
    'head.statusOf',
    'head.remark',
  ] as const;
  const columns = heads.map((name) => ({ head: words.say(name), isTime: name === 'head.statusOf' }));
  return wholePage(
    title,
    markup`<h1>${title}</h1>
<p class="quiet">${words.time(now)}, ${zoneName()}</p>
<div class="headline ${worst}"><p><strong>${headlineOf(stations, words)}</strong></p></div>
${htmlTable(columns, rows)}`,
    words.language,
  );
}

/** The same as a table for a terminal. */
export function fleetText(stations: readonly Station[], now: Date, words: Speaker): string {
  const heads = (['head.station', 'head.freshest', 'head.next'] as const).map((name) => words.say(name));
  const table = plainTable(['', ...heads, '']);
  for (const station of stations)
    table.push([
      words.say(`fleet.${station.level}`),
      station.name,
      copyOf(station, now, words),
      station.status?.rotation.next ?? '',
      station.troubles.join(' '),
    ]);
  return `${headlineOf(stations, words)}\n\n${trimEnds(table.toString())}`;
}

function copyOf({ status }: Station, now: Date, words: Speaker): string {
  if (status === undefined) return words.say('fleet.unknown');
  const { offlineCopy } = status.rotation;
  if (offlineCopy === null) return words.say('fleet.none');
  return words.say('fleet.copy', { age: words.age(offlineCopy.at, now), drive: offlineCopy.drive });
}

function headlineOf(list: readonly Station[], words: Speaker): string {
  const bad = list.filter(({ level }) => level === 'trouble').length;
  const stations = words.count(list.length, 'station');
  return bad === 0 ? words.say('fleet.noneBad', { stations }) : words.say('fleet.bad', { stations, bad });
}
