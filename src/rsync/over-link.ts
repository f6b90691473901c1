import type { Progress } from '../bus/events.ts';
import type { WhyCompressed } from '../bus/why-compressed.ts';
import type { StartProgram } from '../system/command.ts';
import type { PullTarget } from './arguments.ts';
import { isLimitSlow, slowLink, whyCompress, type KnownLink } from './compression.ts';
import { createLinkMeter, type LinkMeter } from './link-meter.ts';
import { readLoad } from './load.ts';
import type { PullOrder, RsyncOutcome } from './order.ts';
import { isCopying, paceOf } from './pace.ts';
import { runRsync } from './run-rsync.ts';
import { isWholeFaster } from './whole-file.ts';

/** The memory of one link. */
export interface LinkMemory {
  known(): Promise<KnownLink>;
  note(news: KnownLink): Promise<void>;
}

/**
 * {@link runRsync}, compressed on a slow link, and with whole files on a fast one; notes what it finds out about the link.
 * That is for copying only: the other pulls transfer little.
 */
export async function runOverLink(
  start: StartProgram,
  order: PullOrder,
  target: PullTarget,
  memory: LinkMemory,
  signal: AbortSignal,
): Promise<RsyncOutcome> {
  if (!isCopying(order)) return runRsync(start, order, target, signal);
  const { compress: setting } = order.config.pull;
  const known = await memory.known();
  const limit = paceOf(order).kibPerSecond;
  const why = whyNow(order, limit, known);
  if (why !== undefined) order.onCompression?.(why);
  const meter =
    setting === 'auto' && !isLimitSlow(limit)
      ? createLinkMeter(() => (target.readLoad ?? readLoad)(target.mirror))
      : undefined;
  const isOpen = meter !== undefined && why === undefined && known.refused !== true && order.detour?.compress !== 'no';
  const rest = watchRest(order);
  const outcome = await runRsync(
    start,
    { ...order, onProgress: rest.onProgress },
    {
      ...target,
      isCompressed: why !== undefined,
      isWhole: why === undefined && isWholeFaster(order, limit, known),
      ...(meter && { meter }),
      ...(isOpen && { isBetterCompressed: () => (meter.speed() ?? Infinity) <= slowLink && rest.isLong() }),
    },
    signal,
  );
  const isRefused = order.detour?.compress === 'no' && (outcome.trouble === undefined || outcome.trouble === 'gaps');
  if (isRefused) order.onCompression?.('refused');
  await memory.note({ bytesPerSecond: meter && newSpeed(meter, known), refused: isRefused });
  return outcome;
}

/** A pull of a few files shows less than a fast link gives, so it does not replace what is known. */
function newSpeed(meter: LinkMeter, { bytesPerSecond = 0 }: KnownLink): number | undefined {
  const speed = meter.speed();
  return speed !== undefined && speed < bytesPerSecond && !meter.isFull() ? undefined : speed;
}

function whyNow(order: PullOrder, limit: number, known: KnownLink): WhyCompressed | undefined {
  const chosen = order.detour?.compress;
  if (chosen === 'no') return undefined;
  return chosen === 'yes' ? 'slow-link' : whyCompress(order.config, limit, known);
}

/** To start again costs a new list of the files, so the rest must take much longer than the pull has taken. */
const longRest = 4;

function watchRest(order: PullOrder): { readonly onProgress: PullOrder['onProgress']; readonly isLong: () => boolean } {
  const begunAt = performance.now();
  let last: Progress | undefined;
  return {
    onProgress: (progress) => {
      last = progress;
      order.onProgress(progress);
    },
    isLong: () => (last?.etaSeconds ?? 0) * 1000 > longRest * (performance.now() - begunAt),
  };
}
