import type { WhyCompressed } from '../bus/why-compressed.ts';
import type { Config } from '../config/schema.ts';

/** What earlier pulls found out about the link to a server. */
export interface KnownLink {
  /** The measured speed; undefined while it is unknown. */
  readonly bytesPerSecond?: number | undefined;
  /** The server refused to compress. */
  readonly refused?: boolean | undefined;
}

/**
 * A link up to this speed is slow, in bytes per second (about 64 Mbit/s). One slow processor compresses more than that with
 * zstd, so a pull never takes longer for it.
 */
export const slowLink = 8 * 1024 * 1024;

/**
 * zstd by name, because rsync would agree on zlib with an old server, which takes many times the processor time. It
 * passes quickly over data that is compressed already, with any suffix.
 */
export const compressArgs = ['--compress-choice=zstd'] as const;

/**
 * Whether to compress a pull, and why.
 * @param kibPerSecond bandwidth limit of the pull, 0 for none: it makes a link slow without a measurement
 */
export function whyCompress(
  { pull: { compress } }: Config,
  kibPerSecond: number,
  { bytesPerSecond, refused = false }: KnownLink,
): WhyCompressed | undefined {
  if (compress === 'never' || refused) return undefined;
  if (compress === 'always') return 'setting';
  if (isLimitSlow(kibPerSecond)) return 'limit';
  return bytesPerSecond !== undefined && bytesPerSecond <= slowLink ? 'slow-link' : undefined;
}

/** Whether a bandwidth limit makes every link slow. The speed under such a limit says nothing about the link. */
export const isLimitSlow = (kibPerSecond: number): boolean => kibPerSecond > 0 && kibPerSecond * 1024 <= slowLink;

/** Exit codes of an rsync whose server does not understand the option, or does not do what it says; see rsync(1). */
const refusals: readonly number[] = [1, 2, 4, 5, 12];
const timeouts: readonly number[] = [30, 35];

/** The end of a compressed rsync that had trouble. */
interface CompressedEnd {
  readonly exitCode: number | undefined;
  readonly isStalled: boolean;
  /** Names that it got from the server; undefined when it printed no statistics. */
  readonly listed: number | undefined;
  readonly link: 'up' | 'down' | 'not-made' | 'unknown';
}

/**
 * Whether compression may be the reason for a failure, so that a pull without it is worth a try. A server that fixes the
 * options of its rsync may break off, or wait for ever for what ours does not send.
 */
export function mayBeRefused({ exitCode, isStalled, listed, link }: CompressedEnd): boolean {
  if (link === 'down' || link === 'not-made') return false;
  if (isStalled || (exitCode !== undefined && timeouts.includes(exitCode))) return listed === undefined;
  return exitCode !== undefined && refusals.includes(exitCode);
}
