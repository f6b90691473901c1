import * as z from 'zod';

/** What sound and light can say; nothing else reaches their unit. */
export const patternNames = ['noticed', 'working', 'safe', 'key', 'trouble', 'do-not-unplug'] as const;
export type PatternName = (typeof patternNames)[number];

export const patternSchema = z.enum(patternNames);

/** A tone: Hz (0 is silence), and milliseconds. */
export type Tone = readonly [hertz: number, ms: number];

/** How a state sounds and looks. */
export interface Pattern {
  /** In words, for the operator. */
  readonly means: string;
  readonly sound: readonly Tone[];
  readonly soundInWords: string;
  /** The sound is repeated after this pause, so many times in all. */
  readonly again: { readonly everyMs: number; readonly times: number };
  /** Milliseconds on and off, in turn; repeated. A single number is a steady light. */
  readonly light: readonly number[];
  readonly lightInWords: string;
  /** Then it ends, if it was not ended before. */
  readonly lastsMs: number;
}

const [second, hour] = [1_000, 3_600_000];
const once = { everyMs: 0, times: 1 };
const alarm: readonly Tone[] = [
  [1400, 200],
  [500, 200],
];

/** The table of docs/extbackup.8 is compared with this one by a test. */
export const patterns: Readonly<Record<PatternName, Pattern>> = {
  noticed: {
    means: 'a disk was plugged in',
    ...{ sound: [[1000, 80]], soundInWords: 'one short beep', again: once },
    ...{ light: [80, 80], lightInWords: 'flickers for a second', lastsMs: second },
  },
  working: {
    means: 'a backup runs, or the disk is in use: leave it plugged in',
    ...{ sound: [], soundInWords: 'none', again: once },
    ...{ light: [1000, 1000], lightInWords: 'slow blinking, one second on, one off', lastsMs: 8 * 24 * hour },
  },
  safe: {
    means: 'safe to unplug',
    sound: [
      [660, 150],
      [880, 150],
      [1320, 400],
    ],
    ...{ soundInWords: 'three rising tones, once', again: once },
    ...{ light: [hour], lightInWords: 'steady', lastsMs: 12 * hour },
  },
  key: {
    means: 'waiting for the key: somebody has to type "extbackup unlock"',
    sound: [
      [880, 100],
      [0, 100],
      [880, 100],
    ],
    ...{ soundInWords: 'two short beeps, each minute, five times', again: { everyMs: 60 * second, times: 5 } },
    ...{ light: [150, 200, 150, 1500], lightInWords: 'two flashes and a pause', lastsMs: 24 * hour },
  },
  trouble: {
    means: 'a run failed or needs an approval, or a disk was refused',
    sound: [
      [300, 600],
      [0, 200],
      [300, 600],
    ],
    ...{ soundInWords: 'two long low tones, each minute, three times', again: { everyMs: 60 * second, times: 3 } },
    ...{ light: [600, 200, 600, 1600], lightInWords: 'two long flashes and a pause', lastsMs: 24 * hour },
  },
  'do-not-unplug': {
    means: 'DO NOT UNPLUG: the disk could not be closed',
    sound: [...alarm, ...alarm, ...alarm, ...alarm],
    soundInWords: 'an alarm of two tones in turn, every five seconds until it is over, at most an hour',
    again: { everyMs: 5 * second, times: 720 },
    ...{ light: [100, 100], lightInWords: 'fast blinking until it is over', lastsMs: 7 * 24 * hour },
  },
};
