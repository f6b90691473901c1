import prettyBytes from 'pretty-bytes';
import { phaseWords } from '../protocol/phase-words.ts';
import type { RunStatus, Status } from '../protocol/status.ts';
import { shownText } from '../text/shown-name.ts';
import { bar, inColour, wrap, type Style } from '../text/style.ts';
import { count, describeDuration } from '../text/wording.ts';

/** The steps of a run as a person sees them, with their phases. */
const steps: readonly (readonly [name: string, phases: readonly string[]])[] = [
  ['open', ['waking', 'opening', 'checking', 'mounting', 'verifying']],
  ['copy', ['pulling', 'waiting-for-server', 'deleting']],
  ['check', ['stamping', 'pruning', 'verifying-data']],
  ['close', ['flushing', 'unmounting', 'closing']],
];

/** The moment, and the speed in bytes per second if it is known. */
export interface Moment {
  readonly now: Date;
  readonly speed?: number | undefined;
}

const widestBar = 40;

/** A run in lines of at most `columns` characters: the step, the progress, the remaining time, the next disk. */
export function liveRun(
  run: RunStatus,
  status: Pick<Status, 'rotation' | 'drives'>,
  moment: Moment,
  style: Style,
): string[] {
  const { columns } = style;
  const lines = [
    ...wrap(headOf(run), columns, '  ').map((line) => inColour(line, 'bold', style)),
    ...stepsOf(run, style),
    ...barOf(run, style),
    ...[figuresOf(run, moment), timesOf(run, moment.now), nextOf(run, status)]
      .filter((text) => text !== '')
      .flatMap((text) => wrap(text, columns, '  ')),
  ];
  return style.utf8 ? lines : lines.map((line) => line.replace(/[^\x00-\x7f]/g, '?'));
}

const headOf = ({ drive, source, phase }: RunStatus): string =>
  shownText(`${drive}: ${source === undefined ? '' : `${source}, `}${phaseWords(phase)}`);

/** One line with the steps that are done, the present one and the others; without marks on a very narrow terminal. */
function stepsOf({ phase }: RunStatus, style: Style): string[] {
  const present = steps.findIndex(([, phases]) => phases.includes(phase));
  if (present < 0) return [];
  const marks = style.utf8 ? ['✓', '▸', '·'] : ['[x]', '[>]', '[ ]'];
  const marked = steps.map(
    ([name], index) => `${marks[index < present ? 0 : index === present ? 1 : 2] ?? ''} ${name}`,
  );
  const text = marked.join('  ');
  if (text.length > style.columns) return wrap(`step ${present + 1} of ${steps.length}`, style.columns);
  return [marked.map((step, index) => (index < present ? inColour(step, 'green', style) : step)).join('  ')];
}

/** Only for a known share of the bytes: no bar rather than an empty or a false one. */
function barOf({ percent }: RunStatus, style: Style): string[] {
  if (percent === null) return [];
  const share = ` ${Math.floor(percent)} %`;
  const width = Math.min(widestBar, style.columns - share.length);
  return width < 5 ? [share.trim()] : [`${bar(percent / 100, width, style)}${share}`];
}

function figuresOf(run: RunStatus, { speed }: Moment): string {
  const { bytes, expectedBytes, files, checked, percent, etaSeconds } = run;
  const parts: string[] = [];
  if (expectedBytes !== null) parts.push(`${prettyBytes(bytes)} of about ${prettyBytes(expectedBytes)}`);
  else if (bytes > 0) parts.push(prettyBytes(bytes));
  if (files > 0) parts.push(count(files, 'file'));
  if (percent === null && checked !== null) parts.push(`${Math.floor(checked)} % of the names looked at`);
  if (speed !== undefined) parts.push(`${prettyBytes(speed)}/s`);
  if (etaSeconds !== null) parts.push(`about ${describeDuration(etaSeconds * 1000)} left`);
  return parts.join(', ');
}

/** How long it has run, beside the last time: the most reliable guess of the end. */
function timesOf({ startedAt, lastTookMs }: RunStatus, now: Date): string {
  const since = Math.max(0, now.getTime() - Date.parse(startedAt));
  const last = lastTookMs === null ? '' : `; took ${describeDuration(lastTookMs)} last time`;
  return `Running for ${describeDuration(since)}${last}. Leave the disk plugged in.`;
}

function nextOf({ drive }: RunStatus, { rotation, drives }: Pick<Status, 'rotation' | 'drives'>): string {
  const { next } = rotation;
  const isHere = drives.some(({ label, present }) => label === next && present);
  return next === null || next === drive || isHere ? '' : shownText(`Bring next: ${next}`);
}
