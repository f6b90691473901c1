import { limitAt } from '../config/bandwidth.ts';
import type { Config } from '../config/schema.ts';
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
  const isCopying = order.deleteLimit === undefined && order.survey !== true && order.recheck === undefined;
  return { kibPerSecond, now, hasChanged: isCopying ? () => now() !== kibPerSecond : undefined };
}

/** The option of rsync for a limit. @param kibPerSecond undefined is the limit of the settings at this time */
export function limitArgs(kibPerSecond: number | undefined, { pull }: Config): string[] {
  const limit = kibPerSecond ?? limitAt(pull.bandwidthLimit, new Date());
  return limit > 0 ? [`--bwlimit=${limit}`] : [];
}
