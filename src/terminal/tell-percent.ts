import { describeDuration } from '../text/wording.ts';

/** Prints a line every five seconds: the progress, and the remaining time. */
export function tellPercent(
  context: { note(text: string): void },
  what: string,
  everyMs = 5_000,
  now: () => number = Date.now,
): (percent: number) => void {
  const begun = now();
  let toldAt = begun;
  return (percent) => {
    const time = now();
    if (time - toldAt < everyMs) return;
    toldAt = time;
    const left = percent > 0 ? `, about ${describeDuration(((time - begun) * (100 - percent)) / percent)} left` : '';
    context.note(`${what}: ${Math.floor(percent)} %${left}`);
  };
}
