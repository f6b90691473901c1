import type { PullFigures } from '../bus/events.ts';
import { PullError } from '../errors.ts';
import { pullError, type PullTrouble } from '../system/rsync-failure.ts';
import { serverName } from '../system/rsync.ts';
import { pause } from '../system/pause.ts';
import type { Job } from './back-up.ts';
import type { Machine, RsyncOutcome } from './machine.ts';
import type { Story } from './phases.ts';
import { emptySource } from './run-errors.ts';
import { throwIfCancelled } from './undo.ts';

/** What both phases of a pull did together. */
export interface PullResult {
  readonly figures: PullFigures;
  /** Every file of the source is on the disk, apart from those that vanished meanwhile. */
  readonly complete: boolean;
  readonly vanished: boolean;
}

/** Pauses before another try after a broken connection, in milliseconds; the last one repeats. */
const retryAfterMs = [1_000, 5_000, 15_000, 60_000] as const;

const logFile = '.extbackup/last-run.log';

/**
 * Makes the mirror equal to the source: first copies everything and deletes nothing, then deletes what the source no
 * longer has. A source without a single file deletes nothing.
 * @throws PullError
 */
export async function pull(job: Job, machine: Machine, story: Story, signal: AbortSignal): Promise<PullResult> {
  const server = serverName(job.config);
  const order = { config: job.config, onProgress: (progress: Parameters<Parameters<Machine['pull']>[0]['onProgress']>[0]) => { story.tell('sync:progress', progress); } };
  story.enter('pulling');
  story.tell('sync:started', {});
  const started = performance.now();
  let attempts = 0;
  const copied = await withRetries(job, () => {
    attempts += 1;
    return machine.pull(order, signal);
  }, signal);
  await keepLog(machine, copied.log);
  if (copied.trouble !== undefined && copied.trouble !== 'gaps') throw pullError(copied.trouble, server, undefined);
  if (copied.entries === 0) throw emptySource(server);
  let last = copied;
  let figures = copied.figures;
  if (copied.skippedDeletions > 0 && copied.trouble === undefined) {
    story.enter('deleting');
    // A directory that is not empty is not counted among the skipped, so the limit leaves room for directories.
    const deleted = await machine.pull({ ...order, deleteLimit: copied.skippedDeletions * 4 + 1_000 }, signal);
    await keepLog(machine, copied.log + deleted.log);
    if (deleted.trouble !== undefined && deleted.trouble !== 'gaps') throw pullError(deleted.trouble, server, undefined);
    if (deleted.skippedDeletions > 0) throw moreToDelete(server);
    last = deleted;
    figures = sum(copied.figures, deleted.figures);
  }
  const gaps = last.trouble === 'gaps';
  const vanished = copied.vanished || last.vanished;
  // An unfinished file stays behind only where an earlier attempt was cut off; looking for them reads every directory.
  if (!gaps && (attempts > 1 || job.record.lastError !== null)) await machine.removePartials();
  story.tell('sync:finished', { ...figures, gaps: gaps || vanished, tookMs: Math.round(performance.now() - started) });
  return { figures, complete: !gaps, vanished };
}

async function withRetries(job: Job, attempt: () => Promise<RsyncOutcome>, signal: AbortSignal): Promise<RsyncOutcome> {
  for (let tries = 0; ; tries += 1) {
    const outcome = await attempt();
    throwIfCancelled(signal);
    if (!isWorthAnotherTry(outcome.trouble) || tries >= job.config.pull.retries) return outcome;
    await pause(retryAfterMs[Math.min(tries, retryAfterMs.length - 1)] ?? 0, signal);
    throwIfCancelled(signal);
  }
}

const isWorthAnotherTry = (trouble: PullTrouble | undefined): boolean => trouble === 'network';

async function keepLog(machine: Machine, log: string): Promise<void> {
  try {
    await machine.writeInside(logFile, log);
  } catch {
    // a disk that is full or gone cannot take the log either; the pull's own outcome tells why
  }
}

function moreToDelete(server: string): PullError {
  return new PullError('EXB_CHANGED_MEANWHILE', `While the mirror was brought in line, ${server} lost far more files than it had at the start. The rest was not deleted.`, 'Look at the server; if that is right, run again: extbackup run');
}

/** The second phase lists the whole source again, so the totals are its; what was moved adds up. */
function sum(copied: PullFigures, deleted: PullFigures): PullFigures {
  return {
    filesTotal: deleted.filesTotal,
    bytesTotal: deleted.bytesTotal,
    filesDeleted: deleted.filesDeleted,
    filesTransferred: copied.filesTransferred + deleted.filesTransferred,
    bytesTransferred: copied.bytesTransferred + deleted.bytesTransferred,
    bytesReceived: copied.bytesReceived + deleted.bytesReceived,
  };
}
