/** States that are kept by weeks, months and years: numbers of periods; undefined is no rule. */
export interface Periods {
  readonly weekly?: number | undefined;
  readonly monthly?: number | undefined;
  readonly yearly?: number | undefined;
}

/** An entry, by its place on the disk's measured time: a clock that jumps makes no weeks. */
interface Dated {
  readonly number: number;
  readonly measured: Date;
}

/** The begin of a period in local time: weeks begin on Monday. */
const begins: Readonly<Record<keyof Periods, (at: Date) => Date>> = {
  weekly: (at) => new Date(at.getFullYear(), at.getMonth(), at.getDate() - ((at.getDay() + 6) % 7)),
  monthly: (at) => new Date(at.getFullYear(), at.getMonth(), 1),
  yearly: (at) => new Date(at.getFullYear(), 0, 1),
};

/**
 * Numbers of the first entry of each of the last periods that have one. The state before it is the last state of the
 * time before that period, and what comes later changes nothing in that choice.
 * @param entries the oldest first
 * @returns undefined without a rule
 */
export function firstsOf(entries: readonly Dated[], periods: Periods): ReadonlySet<number> | undefined {
  const chosen: number[] = [];
  let isRule = false;
  for (const kind of ['weekly', 'monthly', 'yearly'] as const) {
    const most = periods[kind];
    if (most === undefined) continue;
    isRule = true;
    const firsts = new Map<number, number>();
    for (const { number, measured } of entries) {
      const begin = begins[kind](measured).getTime();
      if (!firsts.has(begin)) firsts.set(begin, number);
    }
    chosen.push(...[...firsts.values()].slice(-most));
  }
  return isRule ? new Set(chosen) : undefined;
}
