import type { RunRecord } from '../records/run-record.ts';
import { localTime } from '../text/local-time.ts';
import { markup, type Markup } from '../text/markup.ts';
import type { Speaker } from '../words/speaker.ts';
import { outcomeSigns, worstOf } from './outcomes.ts';

const cell = 14;
const gap = 2;
const step = cell + gap;
const left = 28;
const top = 16;

/** Days of the calendar: whole weeks from Monday to Sunday, local time, `weeks` of them up to this one. */
export function calendarDays(now: Date, weeks: number): Date[] {
  const sinceMonday = (now.getDay() + 6) % 7;
  const first = new Date(now.getFullYear(), now.getMonth(), now.getDate() - sinceMonday - (weeks - 1) * 7);
  return Array.from(
    { length: weeks * 7 },
    (_, index) => new Date(first.getFullYear(), first.getMonth(), first.getDate() + index),
  );
}

const dayOf = (at: Date): string => localTime(at).slice(0, 10);

/** The runs of one disk as a calendar: one square a day, one column a week; a day shows its worst run. */
export function calendar(
  { label, runs }: { readonly label: string; readonly runs: readonly RunRecord[] },
  now: Date,
  weeks: number,
  words: Speaker,
): Markup {
  const { locale } = words.catalogue.dates;
  const byDay = new Map<string, RunRecord[]>();
  for (const run of runs) {
    const key = dayOf(new Date(run.startedAt));
    byDay.set(key, [...(byDay.get(key) ?? []), run]);
  }
  const days = calendarDays(now, weeks);
  const squares = days.map((day, index) => square({ day, index, words }, byDay.get(dayOf(day)) ?? [], now));
  const months = days.flatMap((day, index) =>
    index % 7 === 0 && day.getDate() <= 7
      ? [
          markup`<text x="${left + Math.floor(index / 7) * step}" y="11">${day.toLocaleDateString(locale, { month: 'short' })}</text>`,
        ]
      : [],
  );
  const names = days.slice(0, 7).map((day, row) => {
    const name = row % 2 === 0 ? day.toLocaleDateString(locale, { weekday: 'short' }) : '';
    return markup`<text x="0" y="${top + row * step + 11}">${name}</text>`;
  });
  const width = left + weeks * step;
  const name = words.say('report.days', { drive: label });
  return markup`<svg class="calendar" role="img" aria-label="${name}"
 viewBox="0 0 ${width} ${top + 7 * step}" style="max-width:${width}px">${months}${names}${squares}</svg>`;
}

interface Square {
  readonly day: Date;
  readonly index: number;
  readonly words: Speaker;
}

function square({ day, index, words }: Square, runs: readonly RunRecord[], now: Date): Markup {
  const x = left + Math.floor(index / 7) * step;
  const y = top + (index % 7) * step;
  if (day.getTime() > now.getTime()) return markup``;
  const outcome = worstOf(runs);
  const said = words.say(outcome === undefined ? 'report.noRun' : `outcome.${outcome}`);
  const sign = outcome === undefined ? '' : outcomeSigns[outcome];
  return markup`<g><title>${words.date(day)}: ${said}</title>
<rect class="${outcome ?? 'none'}" x="${x}" y="${y}" width="${cell}" height="${cell}" rx="2"/>
<text class="sign" x="${x + cell / 2}" y="${y + 11}">${sign}</text></g>`;
}
