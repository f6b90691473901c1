import type { Speaker } from '../words/speaker.ts';
import { markup, nothing, type Markup } from '../text/markup.ts';
import { cardPicture } from './card-picture.ts';
import { cardStyle } from './card-style.ts';
import type { CardFacts, CardDisk } from './card-facts.ts';

/** A page for the wall beside the station: one sheet of A4, for an operator without training. */
export function quickCard(facts: CardFacts, words: Speaker): string {
  const { station, contact, now, tookMs } = facts;
  const title = words.say('card.title', { station });
  const wait =
    tookMs === null ? words.say('card.waitText') : words.say('card.waitTook', { duration: words.duration(tookMs) });
  const steps = [
    [words.say('card.plug'), words.say('card.plugText')],
    [words.say('card.wait'), wait],
    [words.say('card.take'), words.say('card.takeText')],
  ];
  return markup`<!doctype html>
<html lang="${words.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${cardStyle}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${cardPicture(words.say('card.picture'))}
<ol class="steps">${steps.map(([head = '', text = '']) => markup`<li><strong>${head}</strong> ${text}</li>`)}</ol>
<h2>${words.say('card.states')}</h2>
<div class="state safe"><strong>${said(words, 'safe')}</strong><p>${words.say('card.safeText')}</p></div>
<div class="state no"><strong>${said(words, 'no')}</strong><p>${words.say('card.noText')}</p></div>
<div class="state other"><strong>${words.say('card.other')}</strong><p>${words.say('card.otherText')}</p></div>
<h2>${words.say('card.next')}</h2>
${facts.disks.length === 0 ? markup`<p>${words.say('card.noDisks')}</p>` : disksTable(facts, words)}
<ul>${(['card.never1', 'card.never2', 'card.never3'] as const).map((name) => markup`<li>${words.say(name)}</li>`)}</ul>
<p class="call"><strong>${words.say('card.call')}:</strong> ${contact === '' ? markup`<span class="blank"></span>` : contact}</p>
<p class="printed">${words.say('card.printed', { day: words.moment(now) })}</p>
</main>
</body>
</html>
`.text;
}

/** What a notice says, and the big words of the screen if they are others. */
const said = (words: Speaker, verdict: 'safe' | 'no'): string =>
  [...new Set([words.say(`verdict.${verdict}`), words.say(`big.${verdict}`)])].join(' / ');

/** More would not fit on the sheet. */
const mostDisks = 6;

function disksTable({ disks, now }: CardFacts, words: Speaker): Markup {
  const rows = disks
    .slice(0, mostDisks)
    .map(
      (disk) =>
        markup`<tr><th scope="row">${disk.label}</th><td>${bringBy(disk, now, words)}</td><td>${
          disk.lastBackup === null ? words.say('card.never') : words.day(disk.lastBackup, now)
        }</td></tr>\n`,
    );
  const heads = [words.say('card.disk'), words.say('card.by'), words.say('card.last')];
  return markup`<table><thead><tr>${heads.map((head) => markup`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>${rows}</tbody></table>${disks.length > mostDisks ? markup`<p>…</p>` : nothing}`;
}

function bringBy({ isHere, bringBy: due }: CardDisk, now: Date, words: Speaker): string {
  if (isHere) return words.say('card.here');
  return due.getTime() < now.getTime() ? words.say('card.now') : words.day(due, now);
}

/** The same for a terminal. */
export function quickCardText(facts: CardFacts, words: Speaker): string {
  const { station, contact, disks, now } = facts;
  return [
    words.say('card.title', { station }),
    '',
    ...[
      [words.say('card.plug'), words.say('card.plugText')],
      [words.say('card.wait'), words.say('card.waitText')],
      [words.say('card.take'), words.say('card.takeText')],
    ].map((parts) => parts.join(': ')),
    '',
    `${said(words, 'safe')}: ${words.say('card.safeText')}`,
    `${said(words, 'no')}: ${words.say('card.noText')}`,
    `${words.say('card.other')}: ${words.say('card.otherText')}`,
    '',
    ...disks.slice(0, mostDisks).map((disk) => `${disk.label}: ${bringBy(disk, now, words)}`),
    `${words.say('card.call')}: ${contact === '' ? '____________________' : contact}`,
  ].join('\n');
}
