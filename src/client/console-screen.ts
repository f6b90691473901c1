import { shownText } from '../text/shown-name.ts';
import { clockTime } from '../text/clock-time.ts';
import { localTime } from '../text/local-time.ts';
import type { RunStatus, Status } from '../protocol/status.ts';
import { bigRows, letterRows, widthOf } from './big-letters.ts';
import { consoleVerdict, type ConsoleVerdict } from './console-verdict.ts';
import { describeRun, wordsOf } from './status-text.ts';

/** The size of a terminal, and the texts of the screen that are not in the status. */
export interface ConsoleView {
  readonly columns: number;
  readonly rows: number;
  readonly station: string;
  /** Whom to call; empty when the settings name nobody. */
  readonly contact: string;
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
  const { columns, rows, contact, now, station } = view;
  const verdict = consoleVerdict(status);
  const head = line(`Backup station ${station}`, localTime(now), columns);
  const below = [
    '',
    ...(status === undefined ? ['The agent does not run: no disk is backed up.'] : factsOf(status, now)),
    ...(contact === '' ? [] : [`Who to call: ${contact}`]),
  ].map((text) => fit(shownText(text), columns));
  const big = bigBlock(verdict, columns, Math.max(3, rows - 1 - Math.min(below.length, rows - 1 - (letterRows + 2))));
  const lines = [
    head,
    ...big.map((text) => `${colours[verdict.level]}${text}${plain}`),
    ...below.slice(0, Math.max(0, rows - 1 - big.length)),
  ];
  while (lines.length < rows) lines.push(' '.repeat(columns));
  return lines.slice(0, rows).join('\r\n');
}

/** The verdict and its disk, in big letters if they fit. */
function bigBlock({ words, label }: ConsoleVerdict, columns: number, most: number): string[] {
  const parts = [label, words].filter((text) => text !== '');
  const empty = ' '.repeat(columns);
  const last = [empty, centred(parts.join(': '), columns)];
  const isFitting = (text: string): boolean => widthOf(text) <= columns;
  const all = [...parts.flatMap((text) => [empty, ...bigLines(text, columns)]), ...last];
  if (all.length <= most && parts.every(isFitting)) return all;
  const one = [empty, ...bigLines(words, columns), ...last];
  return one.length <= most && isFitting(words) ? one : [...last, empty];
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

function factsOf({ drives, run, rotation, key, paused, noticed }: Status, now: Date): string[] {
  const isHere = (label: string): boolean => drives.some((drive) => drive.label === label && drive.present);
  return [
    ...noticed.map(({ drive }) => `${drive ?? 'A disk'} was plugged in and is starting up.`),
    ...(run === null ? [] : [describeRun(run), ...barOf(run)]),
    ...drives
      .filter(({ present, poweredOff }) => present || poweredOff === true)
      .map((drive) => `${drive.label}: ${wordsOf(drive)}${drive.message === null ? '' : `. ${drive.message}`}`),
    ...(key === 'loaded' ? [] : ['The key is not loaded: somebody has to type "extbackup unlock".']),
    ...(paused === null ? [] : [`Paused until ${clockTime(new Date(paused.until), now)}: no run starts by itself.`]),
    ...(rotation.overdue ? ['The freshest copy away from here is too old.'] : []),
    ...nextOf(rotation)
      .filter((label) => !isHere(label))
      .map((label) => `Bring next: ${label}`),
  ];
}

/** With sets, each may have a disk to bring. */
const nextOf = ({ next, sets }: Status['rotation']): string[] =>
  (sets?.map((set) => set.next) ?? [next]).filter((label) => label !== null);

/** A bar for the progress, if it is known. */
function barOf({ percent }: RunStatus): string[] {
  if (percent === null) return [];
  const done = Math.round(Math.min(100, percent) / 2);
  return [`[${'#'.repeat(done)}${'-'.repeat(50 - done)}]`];
}

function line(left: string, right: string, columns: number): string {
  const room = Math.max(0, columns - right.length - 1);
  return fit(`${left.slice(0, room).padEnd(room)} ${right}`, columns);
}

const fit = (text: string, columns: number): string => text.slice(0, columns).padEnd(columns);
