import type { PullFigures } from '../bus/events.ts';
import { damageAdvice } from '../verify/damage-words.ts';
import { describeBad } from '../verify/damage-words.ts';
import type { DiskVerdict } from '../verify/verify-disk.ts';
import type { Job } from './job.ts';
import type { Machine } from './machine.ts';
import type { Story } from './story.ts';

/** Shortest time between two progress events, in milliseconds. */
const progressEveryMs = 1_000;

/**
 * Reads the next part of the mirror back, after a complete pull was stamped, so the backup stays complete in any case.
 * Damage is a warning. Never throws; after a cancellation, the work so far counts.
 */
export async function verifyPart(
  { config, record, device }: Job,
  machine: Machine,
  story: Story,
  whole: PullFigures,
  signal: AbortSignal,
): Promise<DiskVerdict | undefined> {
  const { share, limit } = config.verify;
  if (share === 0 || limit === 0 || signal.aborted) return undefined;
  story.enter('verifying-data');
  story.tell('data:progress', { percent: 0, files: 0, bytes: 0 });
  let toldAt = performance.now();
  const part = {
    share,
    limitMs: limit,
    whole: { files: whole.filesTotal, bytes: whole.bytesTotal },
    recordCopied: true,
  };
  try {
    const { result, tookMs } = await story.timed(() =>
      machine.verifyPart(
        device,
        part,
        (progress) => {
          if (performance.now() - toldAt < progressEveryMs) return;
          toldAt = performance.now();
          story.tell('data:progress', progress);
        },
        signal,
      ),
    );
    const { compared, recorded, bytes, found } = result;
    story.tell('data:verified', {
      compared,
      recorded,
      bytes,
      damaged: found.damaged,
      unreadable: found.unreadable,
      tookMs,
    });
    if (found.damaged + found.unreadable > 0)
      story.tell('run:warned', {
        about: 'damage',
        reason: `The backup is complete, but ${describeBad(record.label, found)}`,
        todo: damageAdvice(record.label),
      });
    return result;
  } catch (error) {
    if (!isAborted(signal))
      story.tell('run:warned', {
        about: 'read-back',
        reason: `The backup is complete, but its part of disk ${record.label} could not be read back and compared${codeOf(error)}.`,
        todo: `Look at the whole disk: extbackup verify ${record.label}`,
      });
    return undefined;
  }
}

/** Only the code of an error: its message names the file. */
function codeOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === 'string' && /^E[A-Z0-9_]+$/.test(code) ? ` (${code})` : '';
}

/** It changes while we wait. */
const isAborted = (signal: AbortSignal): boolean => signal.aborted;
