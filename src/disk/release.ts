import { messageOf } from '../errors.ts';
import type { StartProgram } from '../system/command.ts';
import { ensureLuksClosed, isOpen, listMappings, mappingPath, mappingPrefix } from './luks.ts';
import { ensureUnmounted, listMounts } from './mounts.ts';

/** Names of mappings that were found open. */
export interface Released {
  readonly closed: readonly string[];
  /** Mappings that could not be closed, with the reason. */
  readonly left: readonly { readonly mapping: string; readonly reason: string }[];
}

/**
 * Unmounts, in this mount namespace, and closes every mapping of extbackup; no other mapping is
 * touched. Never throws for a disk that cannot be closed.
 * @param which one mapping to close, or one to leave open; without it, all are closed
 */
export async function releaseAll(
  start: StartProgram,
  which: { readonly only?: string; readonly except?: string | undefined } = {},
  patienceMs = 10_000,
): Promise<Released> {
  const closed: string[] = [];
  const left: { mapping: string; reason: string }[] = [];
  const ours = (await listMappings()).filter(
    (name) => name.startsWith(mappingPrefix) && (which.only ?? name) === name && name !== which.except,
  );
  for (const mapping of ours) {
    try {
      const mounts = (await listMounts()).filter(({ source }) => source === mappingPath(mapping));
      for (const { mountpoint } of mounts.reverse()) await ensureUnmounted(start, mountpoint, patienceMs);
      await ensureLuksClosed(start, mapping, patienceMs);
      closed.push(mapping);
    } catch (error) {
      if (await isOpen(mapping)) left.push({ mapping, reason: messageOf(error) });
      else closed.push(mapping);
    }
  }
  return { closed, left };
}
