import type { KnownLink } from './compression.ts';
import type { PullOrder } from './order.ts';

/**
 * From this measured speed on, in bytes per second, a changed file arrives before a rotating disk has read its old version,
 * which rsync does to transfer only the differences.
 */
export const fastLink = 40 * 1024 * 1024;

/**
 * Whether to transfer changed files whole; see --whole-file in rsync(1). Not with a bandwidth limit, which asks to transfer
 * little; and not where a file may be there in part, because only a transfer of differences goes on with it.
 * @param kibPerSecond bandwidth limit of the pull, 0 for none
 */
export const isWholeFaster = (
  { mayResume = false }: Pick<PullOrder, 'mayResume'>,
  kibPerSecond: number,
  { bytesPerSecond = 0 }: KnownLink,
): boolean => !mayResume && kibPerSecond === 0 && bytesPerSecond >= fastLink;
