import { Markup, markup, nothing } from '../text/markup.ts';
import { speakerOf } from '../words/speaker.ts';
import type { Notice, Unplug } from './channel.ts';

/** Background and text of the big line: at least 4.5 to 1, in light and in dark surroundings. */
const colours: Readonly<Record<Unplug, readonly [background: string, text: string]>> = {
  safe: ['#1a7f37', '#ffffff'],
  no: ['#b42318', '#ffffff'],
  leave: ['#f2c037', '#1b1f24'],
  unknown: ['#f2c037', '#1b1f24'],
  gone: ['#57606a', '#ffffff'],
};

const closedOnly = colours.unknown;

/** Nothing is loaded from elsewhere. Mail programs that know no style sheets show the same in black on white. */
const style = new Markup(`
:root { color-scheme: light dark; supported-color-schemes: light dark; }
body { margin: 0; padding: 16px; font: 16px/1.5 system-ui, sans-serif; background: #ffffff; color: #1b1f24; }
h1 { font-size: 20px; margin: 16px 0; } p { margin: 0 0 10px; } .from { color: #57606a; font-size: 13px; }
@media (prefers-color-scheme: dark) { body { background: #0d1117; color: #e6edf3; } .from { color: #9da7b1; } }
`);

/** The HTML of a mail: the most important words in a big coloured line, then the text of the notice. */
export function mailHtml(notice: Notice): string {
  const words = speakerOf(notice.language);
  const { station, subject, text, language } = notice;
  const from = words.say('mail.sender', { station, moment: words.moment(new Date(notice.at)) });
  const lines = text.split('\n').filter((line) => line !== '');
  return markup`<!doctype html>
<html lang="${language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>${subject}</title><style>${style}</style></head>
<body><main>
${verdict(notice)}<h1>${subject}</h1>
${lines.map((line) => markup`<p>${line}</p>\n`)}<p class="from">${from}</p>
</main></body>
</html>
`.text;
}

function verdict({ kind, unplug, drive, language }: Notice): Markup {
  if (unplug === undefined) return nothing;
  // Green stands for a good backup, too: a run that stopped or failed does not get it for a closed disk.
  const [background, text] = unplug === 'safe' && kind !== 'success' ? closedOnly : colours[unplug];
  const label = drive === undefined ? nothing : markup`<br><span style="font-size:18px">${drive}</span>`;
  const look = `background:${background};color:${text};padding:16px;font-size:28px;font-weight:bold;text-align:center`;
  return markup`<div style="${look}">${speakerOf(language).say(`verdict.${unplug}`)}${label}</div>\n`;
}
