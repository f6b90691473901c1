import { limitAt } from '../config/bandwidth.ts';
import type { Config } from '../config/schema.ts';
import { compressArgs } from './compression.ts';
import type { LinkUse } from './link-meter.ts';
import type { PullOrder } from './order.ts';

/** The bandwidth limit of one rsync, which keeps it to its end. */
export interface Pace {
  /** 0 is no limit. */
  readonly kibPerSecond: number;
  /** The limit that applies now. */
  now(): number;
  /** Whether another limit applies now; undefined for a pull that ends with the limit that it began with. */
  readonly hasChanged: (() => boolean) | undefined;
}

/** Only copying is started again for another limit: other pulls are short, or must not be repeated without a new count. */
export function paceOf(order: PullOrder): Pace {
  const now = (): number => limitAt(order.config.pull.bandwidthLimit, order.now?.() ?? new Date());
  const kibPerSecond = now();
  return { kibPerSecond, now, hasChanged: isCopying(order) ? () => now() !== kibPerSecond : undefined };
}

/** The copying phase, which transfers nearly everything. */
export const isCopying = ({ deleteLimit, survey = false, recheck }: PullOrder): boolean =>
  deleteLimit === undefined && !survey && recheck === undefined;

/** The options of rsync for the line. @param kibPerSecond undefined is the limit of the settings at this time */
export function lineArgs(
  {
    kibPerSecond,
    isCompressed = false,
    isWhole = false,
  }: Pick<LinkUse, 'isCompressed' | 'isWhole'> & { readonly kibPerSecond?: number },
  { pull }: Config,
): string[] {
  const limit = kibPerSecond ?? limitAt(pull.bandwidthLimit, new Date());
  return [
    ...(limit > 0 ? [`--bwlimit=${limit}`] : []),
    ...(isCompressed ? compressArgs : []),
    ...(isWhole ? ['--whole-file'] : []),
  ];
}
