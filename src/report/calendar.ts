import type { RunRecord } from '../records/run-record.ts';
import { localTime } from '../text/local-time.ts';
import { markup, type Markup } from '../text/markup.ts';
import { outcomeSigns, outcomeWords, worstOf } from './outcomes.ts';

const cell = 14;
const gap = 2;
const step = cell + gap;
const left = 28;
const top = 16;
const weekdays = ['Mon', '', 'Wed', '', 'Fri', '', 'Sun'];

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
export function calendar(label: string, runs: readonly RunRecord[], now: Date, weeks: number): Markup {
  const byDay = new Map<string, RunRecord[]>();
  for (const run of runs) {
    const key = dayOf(new Date(run.startedAt));
    byDay.set(key, [...(byDay.get(key) ?? []), run]);
  }
  const days = calendarDays(now, weeks);
  const squares = days.map((day, index) => square(day, index, byDay.get(dayOf(day)) ?? [], now));
  const months = days.flatMap((day, index) =>
    index % 7 === 0 && day.getDate() <= 7
      ? [
          markup`<text x="${left + Math.floor(index / 7) * step}" y="11">${day.toLocaleDateString('en-GB', { month: 'short' })}</text>`,
        ]
      : [],
  );
  const names = weekdays.map((name, row) => markup`<text x="0" y="${top + row * step + 11}">${name}</text>`);
  const width = left + weeks * step;
  const name = `Days with runs of ${label}; the table of runs has the same`;
  return markup`<svg class="calendar" role="img" aria-label="${name}"
 viewBox="0 0 ${width} ${top + 7 * step}" style="max-width:${width}px">${months}${names}${squares}</svg>`;
}

function square(day: Date, index: number, runs: readonly RunRecord[], now: Date): Markup {
  const x = left + Math.floor(index / 7) * step;
  const y = top + (index % 7) * step;
  if (day.getTime() > now.getTime()) return markup``;
  const outcome = worstOf(runs);
  const words = outcome === undefined ? 'no run' : outcomeWords[outcome];
  const sign = outcome === undefined ? '' : outcomeSigns[outcome];
  return markup`<g><title>${dayOf(day)}: ${words}</title>
<rect class="${outcome ?? 'none'}" x="${x}" y="${y}" width="${cell}" height="${cell}" rx="2"/>
<text class="sign" x="${x + cell / 2}" y="${y + 11}">${sign}</text></g>`;
}
