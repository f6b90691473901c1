import type { PullFigures } from '../bus/events.ts';
import { sourceOf } from '../config/sources.ts';
import { PullError } from '../errors.ts';
import { createWatch, type Watch } from '../guard/watch.ts';
import { pullError, type PullTrouble } from '../system/rsync-failure.ts';
import { serverName } from '../system/rsync.ts';
import { pause } from '../system/pause.ts';
import type { Job } from './back-up.ts';
import { checkContent } from './content-alarm.ts';
import { holdRun, wouldBeTooMuch } from './hold-run.ts';
import type { Machine, PullOrder, RsyncOutcome } from './machine.ts';
import type { Story } from './phases.ts';
import { emptySource } from './run-errors.ts';
import { throwIfCancelled } from './undo.ts';

/** What both phases of a pull did together. */
export interface PullResult {
  readonly figures: PullFigures;
  /** Every file of the source is on the disk, apart from those that vanished meanwhile. */
  readonly complete: boolean;
  /** Files that vanished on the server while it was read: normal on a living system. */
  readonly vanished: number;
  /** What was copied looks wrong: nothing old is to be given up for it. */
  readonly suspicious: boolean;
}

/** Pauses before another try after a broken connection, in milliseconds; the last one repeats. */
const retryAfterMs = [1_000, 5_000, 15_000, 60_000] as const;

const logFile = '.extbackup/last-run.log';

/**
 * Makes the mirror equal to the source: first copies everything and deletes nothing, then deletes what the source no
 * longer has. What is replaced or deleted goes to the disk's history. A source without a single file deletes nothing,
 * and one that changed suspiciously much stops the run.
 * @throws PullError
 * @throws HeldError when an operator has to be asked
 */
export async function pull(job: Job, machine: Machine, story: Story, signal: AbortSignal): Promise<PullResult> {
  const { config, record } = job;
  const source = sourceOf(config);
  const server = serverName(source);
  const watch = createWatch(source.guard, record, signal);
  const order: PullOrder = { config, source, onProgress: (progress) => { story.tell('sync:progress', progress); }, onChange: (change) => { watch.see(change); } };
  story.enter('pulling');
  story.tell('sync:started', {});
  const started = performance.now();
  const { copied, attempts } = await copy(job, machine, watch, order, signal);
  // What did not fit is no use, and would leave no room for the next run's history and log.
  if (copied.trouble === 'disk-full') await machine.removePartials().catch(() => undefined);
  await keepLog(machine, copied.log);
  if (watch.excess() !== undefined) throw await holdRun(job, machine, watch, order, signal);
  if (copied.trouble !== undefined && copied.trouble !== 'gaps') throw pullError(copied.trouble, server, undefined);
  if (copied.entries === 0) throw emptySource(server);
  const deletes = copied.skippedDeletions > 0 && copied.trouble === undefined;
  if (deletes && watch.wouldExceed({ deleted: copied.skippedDeletions }) !== undefined) throw await holdRun(job, machine, watch, order, signal);
  const suspicious = await checkContent(job, machine, watch, order, copied.skippedDeletions, story);
  let last = copied;
  let figures = copied.figures;
  if (deletes) {
    story.enter('deleting');
    // A directory that is not empty is not counted among the skipped, so the limit leaves room for directories.
    const deleted = await machine.pull({ ...order, ...(await keeping(job, machine, watch)), deleteLimit: copied.skippedDeletions * 4 + 1_000 }, watch.signal);
    await keepLog(machine, copied.log + deleted.log);
    if (watch.excess() !== undefined) throw await holdRun(job, machine, watch, order, signal);
    if (deleted.trouble !== undefined && deleted.trouble !== 'gaps') throw pullError(deleted.trouble, server, undefined);
    if (deleted.skippedDeletions > 0) throw moreToDelete(server);
    last = deleted;
    figures = sum(copied.figures, deleted.figures);
  }
  const gaps = last.trouble === 'gaps';
  const vanished = copied.vanished + (last === copied ? 0 : last.vanished);
  // An unfinished file stays behind only where an earlier attempt was cut off; looking for them reads every directory.
  if (!gaps && (attempts > 1 || record.lastError !== null)) await machine.removePartials();
  story.tell('sync:finished', { ...figures, gaps: gaps || vanished > 0, tookMs: Math.round(performance.now() - started) });
  return { figures, complete: !gaps, vanished, suspicious };
}

/** Each rsync gets an entry of its own, so that a second one never replaces what the first one kept. */
async function keeping(job: Job, machine: Machine, watch: Watch): Promise<Pick<PullOrder, 'history'>> {
  if (!job.config.history.enabled) return {};
  const history = await machine.newHistory();
  watch.kept.push(history);
  return { history };
}

/** The copying phase: tries again after a broken connection, and after room was made on a full disk. */
async function copy(job: Job, machine: Machine, watch: Watch, order: PullOrder, signal: AbortSignal): Promise<{ copied: RsyncOutcome; attempts: number }> {
  let broken = 0;
  for (let attempts = 1; ; attempts += 1) {
    const copied = await machine.pull({ ...order, ...(await keeping(job, machine, watch)) }, watch.signal);
    throwIfCancelled(signal);
    if (watch.excess() !== undefined) return { copied, attempts };
    if (copied.trouble === 'disk-full' && (await makeRoom(job, machine, watch, order, attempts, signal))) continue;
    if (!isWorthAnotherTry(copied.trouble) || broken >= job.config.pull.retries) return { copied, attempts };
    await pause(retryAfterMs[Math.min(broken, retryAfterMs.length - 1)] ?? 0, signal);
    throwIfCancelled(signal);
    broken += 1;
  }
}

/**
 * Gives up the oldest history of a full disk. Not for a source that looks wrong: its copies must not push out good ones.
 * @returns whether there is more room than before
 * @throws HeldError
 */
async function makeRoom(job: Job, machine: Machine, watch: Watch, order: PullOrder, attempt: number, signal: AbortSignal): Promise<boolean> {
  const { history } = job.config;
  if (!history.enabled) return false;
  if (job.record.suspicion !== undefined) return false;
  if (await wouldBeTooMuch(machine, watch, order, signal)) throw await holdRun(job, machine, watch, order, signal);
  if (history.whenFull === 'stop') return false;
  const minFree = Math.min(0.9, history.keep.minFree + 0.1 * attempt); // what did not fit is more than what is free
  return (await machine.pruneHistory({ now: new Date(), minFree, atLeast: history.keep.atLeast }, signal)) > 0;
}

const isWorthAnotherTry = (trouble: PullTrouble | undefined): boolean => trouble === 'network' || trouble === 'stalled';

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
