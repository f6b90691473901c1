import { inAscii } from '../text/ascii.ts';
import { shownText } from '../text/shown-name.ts';
import type { Status } from '../protocol/status.ts';
import type { Speaker } from '../words/speaker.ts';
import { bigRows, letterRows, widthOf } from './big-letters.ts';
import { factsOf } from './console-facts.ts';
import { consoleVerdict, type ConsoleVerdict } from './console-verdict.ts';

/** The terminal, and the texts of the screen that are not in the status. */
export interface ConsoleView {
  readonly columns: number;
  readonly rows: number;
  /** Whether it shows letters beyond ASCII. */
  readonly utf8: boolean;
  readonly station: string;
  /** Whom to call; empty when the settings name nobody. */
  readonly contact: string;
  readonly words: Speaker;
  readonly now: Date;
}

/** ANSI colours of the background: green, red, yellow, none. */
const colours: Readonly<Record<ConsoleVerdict['level'], string>> = {
  safe: '\u001B[30;42m',
  unsafe: '\u001B[37;41m',
  trouble: '\u001B[30;43m',
  quiet: '\u001B[0m',
};
const plain = '\u001B[0m';

/**
 * A whole screen for a monitor at the station. The big letters are spaces in reverse video, so they look the same in
 * every character set. A status has no file name and no secret, so the screen has none.
 * @param status undefined when no agent runs
 * @returns exactly `rows` lines of `columns` characters, with colours
 */
export function consoleScreen(status: Status | undefined, view: ConsoleView): string {
  const { columns, rows, contact, now, station, utf8, words } = view;
  const shown = (text: string): string => (utf8 ? shownText(text) : inAscii(shownText(text)));
  const verdict = consoleVerdict(status);
  const head = line(shown(words.say('card.title', { station })), words.time(now), columns);
  const below = [
    '',
    ...(status === undefined ? [words.say('station.stopped')] : factsOf(status, words, now)),
    ...(contact === '' ? [] : [words.say('contact', { contact })]),
  ].map((text) => fit(shown(text), columns));
  const most = Math.max(3, rows - 1 - Math.min(below.length, rows - 1 - (letterRows + 2)));
  const { label } = verdict;
  const big = bigBlock({ label, said: wordsOfVerdict(verdict, words), shown }, columns, most);
  const lines = [
    head,
    ...big.map((text) => `${colours[verdict.level]}${text}${plain}`),
    ...below.slice(0, Math.max(0, rows - 1 - big.length)),
  ];
  while (lines.length < rows) lines.push(' '.repeat(columns));
  return lines.slice(0, rows).join('\r\n');
}

/** The verdict as notices say it, where they do, and in a few letters. */
function wordsOfVerdict({ word }: ConsoleVerdict, words: Speaker): readonly [full: string, short: string] {
  const short = words.say(`big.${word}`);
  return [word === 'safe' || word === 'no' ? words.say(`verdict.${word}`) : short, short];
}

interface BigTexts {
  readonly label: string;
  readonly said: ReturnType<typeof wordsOfVerdict>;
  readonly shown: (text: string) => string;
}

/** The verdict and its disk, in big letters if they fit. */
function bigBlock({ label, said, shown }: BigTexts, columns: number, most: number): string[] {
  const isFitting = (text: string): boolean => widthOf(text) <= columns;
  const [full, short] = said;
  const word = isFitting(full) ? full : short;
  const labels = label === '' ? [] : [label];
  const empty = ' '.repeat(columns);
  const last = [empty, centred(shown([...labels, full].join(': ')), columns)];
  const all = [...[...labels, word].flatMap((text) => [empty, ...bigLines(text, columns)]), ...last];
  if (all.length <= most && [...labels, word].every(isFitting)) return all;
  const one = [empty, ...bigLines(word, columns), ...last];
  return one.length <= most && isFitting(word) ? one : [...last, empty];
}

/** Each dot of a letter is a space in reverse video. */
const bigLines = (text: string, columns: number): string[] =>
  bigRows(text).map((row) =>
    centred(row, columns).replace(/#+/g, (points) => `\u001B[7m${' '.repeat(points.length)}\u001B[27m`),
  );

function centred(text: string, columns: number): string {
  const cut = text.slice(0, columns);
  const left = Math.floor((columns - cut.length) / 2);
  return cut.padStart(cut.length + left).padEnd(columns);
}

function line(left: string, right: string, columns: number): string {
  const room = Math.max(0, columns - right.length - 1);
  return fit(`${left.slice(0, room).padEnd(room)} ${right}`, columns);
}

const fit = (text: string, columns: number): string => text.slice(0, columns).padEnd(columns);
