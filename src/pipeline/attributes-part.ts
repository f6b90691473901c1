import { forgetAttributes } from '../attributes/attribute-table.ts';
import { beginAttributes, endAttributes, type Disk, type RsyncEnd } from '../attributes/keep-attributes.ts';
import type { HistoryEntry } from '../history/history-entry.ts';
import { troubleOfDisk } from '../rsync/failure.ts';
import type { RsyncOutcome } from '../rsync/order.ts';
import { CommandError, type StartProgram } from '../system/command.ts';

/** Keeps the old attributes of files around one rsync. */
export interface AttributeKeeper {
  /** The reason why the rsync must not begin. */
  readonly trouble?: RsyncOutcome['trouble'];
  /** Call this when the rsync has ended. */
  end(how: RsyncEnd): Promise<Attempted>;
}

/**
 * Makes sure that the attributes of the mirror are on the disk before an rsync changes any.
 * @param entry undefined keeps nothing, and makes the table outdated
 */
export async function startAttributeKeeper(
  start: StartProgram,
  disk: Disk,
  entry: HistoryEntry | undefined,
  signal: AbortSignal,
): Promise<AttributeKeeper> {
  const begun = await attempt(disk.top, signal, async () => {
    await (entry === undefined ? forgetAttributes(disk.top) : beginAttributes(start, disk, entry, signal));
    return false;
  });
  const { trouble, attributesLost } = begun.told;
  return {
    ...(trouble !== undefined && { trouble }),
    end: async (how) =>
      entry === undefined || trouble !== undefined || attributesLost === true
        ? begun
        : attempt(disk.top, signal, () => endAttributes(start, disk, entry, how, signal)),
  };
}

interface Attempted {
  /** There are old attributes to keep, so the entry stays. */
  readonly isKept: boolean;
  readonly told: Pick<RsyncOutcome, 'trouble' | 'attributesLost'>;
}

async function attempt(top: string, signal: AbortSignal, work: () => Promise<boolean>): Promise<Attempted> {
  try {
    return { isKept: await work(), told: {} };
  } catch (error) {
    const trouble = troubleOfDisk(error);
    if (trouble !== undefined) return { isKept: true, told: { trouble } };
    if (!(error instanceof CommandError)) throw error;
    // Unfinished work stays for the next run, or a rollback.
    if (signal.aborted) return { isKept: true, told: { trouble: 'failed' } };
    await forgetAttributes(top).catch(() => undefined);
    return { isKept: false, told: { attributesLost: true } };
  }
}
