import { pause } from '../system/pause.ts';

/** A disk that is pulled out reports errors moments before the kernel removes it; see {@link staysThere}. */
export const removalPatienceMs = 2_000;

/**
 * Whether a disk is still there after an error, once the kernel has had its time to remove it.
 * @param look whether the kernel shows the disk now
 */
export async function staysThere(
  look: () => Promise<boolean>,
  signal: AbortSignal,
  patienceMs = removalPatienceMs,
): Promise<boolean> {
  const until = performance.now() + patienceMs;
  while (await look()) {
    if (signal.aborted || performance.now() >= until) return true;
    await pause(200, signal);
  }
  return false;
}

/** The same for many errors of one command, which waits no longer than once for all of them. */
export function waitOnceForRemoval(
  look: () => Promise<boolean>,
  signal: AbortSignal,
  patienceMs = removalPatienceMs,
): () => Promise<boolean> {
  let left = patienceMs;
  return async () => {
    const begin = performance.now();
    const stays = await staysThere(look, signal, left);
    left = Math.max(0, left - (performance.now() - begin));
    return stays;
  };
}
