import { InvalidArgumentError } from 'commander';
import ms from 'ms';
import { duration } from '../config/values.ts';

/** Reads a time span of an option, in milliseconds: at least a second. */
export const spanUpTo =
  (longest: ms.StringValue) =>
  (text: string): number => {
    const { data: span = 0 } = duration.safeParse(text);
    if (span >= ms('1s') && span <= ms(longest)) return span;
    throw new InvalidArgumentError(`It must be a number with a unit: 90s, 30m or 2h, at most ${longest}.`);
  };
