/** What a person does at a terminal, for an estimate of the time. */
export interface Work {
  /** Everything that is typed: commands and answers. */
  readonly typed: readonly string[];
  /** Everything that is shown. */
  readonly shown: string;
  /** Thoughts that take longer than a glance, in seconds: a password, the comparison of a fingerprint. */
  readonly thoughts: readonly number[];
}

/** Seconds for each key of a person who types moderately well, and to decide what to type (keystroke-level model, KLM). */
const [perKey, perDecision] = [0.28, 1.35];
/** Words that are read in a second: 240 in a minute. */
const wordsPerSecond = 4;

/** The recovery sheet, which is printed and not read at that moment. */
const sheet = /Recovery sheet for the backup disks[^]*?If something does not work[^]*?--header-backup-file\s+FILE/;

/** Bars, percentages and prompts that a terminal draws over each other: back to the first column, or the line erased. */
const redrawn = /[^\n]*(?:\r(?!\n)|\u001B\[2K\u001B\[G)/g;

/** How many seconds of a person's time it takes; the machine's own time is not counted. */
export function secondsOfPerson({ typed, shown, thoughts }: Work): number {
  const keys = typed.join('').length + typed.length; // Return ends each
  const words = shown
    .replace(sheet, '')
    .replace(redrawn, '')
    .split(/\s+/)
    .filter((word) => /\w/.test(word)).length;
  return (
    keys * perKey +
    typed.length * perDecision +
    words / wordsPerSecond +
    thoughts.reduce((sum, seconds) => sum + seconds, 0)
  );
}
