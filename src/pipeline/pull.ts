import type { Counts, PullFigures } from '../bus/events.ts';
import type { PullSource } from '../config/sources.ts';
import { createGuard } from '../guard/guard.ts';
import { attest } from './attest.ts';
import { baseOfGuard } from './guard-base.ts';
import type { Job, PullResult } from './job.ts';
import { ownFigures } from './own-figures.ts';
import { createRoomMaker } from './room.ts';
import { compareContent, withCopied } from './compare-content.ts';
import { createUndatedFiles } from './undated-files.ts';
import type { Machine } from './machine.ts';
import type { PullOrder } from '../rsync/order.ts';
import type { Story } from './story.ts';
import { requirePaths } from './require-paths.ts';
import { round, type Round } from './round.ts';
import { createTries } from './tries.ts';

/**
 * Makes the mirror equal to the source in two phases: the first copies and deletes nothing; the second deletes the
 * files that the first found missing on the source. Replaced and deleted files go to the disk's history. A source
 * without a single file deletes nothing, and a suspiciously changed one stops the run. If the connection breaks in the
 * second phase, the first starts again and counts the deletions anew: the server may come back with fewer files.
 * @throws PullError
 * @throws HeldError when an operator must answer first
 */
export async function pull(
  job: Job,
  source: PullSource,
  machine: Machine,
  story: Story,
  signal: AbortSignal,
): Promise<PullResult> {
  const { config, record } = job;
  const tries = createTries(config.pull, story, signal);
  story.enter('pulling');
  await wakeServer(source, machine, story, signal);
  await requirePaths(job, source, machine, tries, signal);
  await attest(job, source, machine, tries, signal);
  await machine.clearUnfinished(); // before room is measured: it may be a large file
  const base = await baseOfGuard(job, source, machine, signal);
  const roomBefore = await machine.readRoom();
  const guard = createGuard(source.guard, { ...record, ...base }, signal);
  const undated = createUndatedFiles(job, machine, story, source);
  const everything: PullOrder = {
    ...{ config, source, mayResume: wasInterrupted(job) },
    ...(record.filesTotal > 0 && { lastTime: record }),
    onProgress: (progress) => {
      tries.see(progress);
      story.tell('sync:progress', progress);
    },
    onReached: tellReached(story),
    onPace: (kibPerSecond) => {
      story.tell('sync:paced', { kibPerSecond });
    },
    onCompression: tellCompression(story),
    onChange: (change) => {
      guard.see(change);
      undated.see(change);
    },
  };
  story.tell('sync:started', {});
  const started = performance.now();
  const { order, copied: dated } = await undated.compare(guard, everything, signal);
  const room = createRoomMaker({ job, machine, story, guard, order });
  const rounds = await allRounds((suspicious) =>
    round(job, machine, story, { guard, order, tries, room, suspicious }, signal),
  );
  const pulled = toldBy(rounds, guard.tally.counts);
  const told = dated ? withCopied(pulled, dated) : pulled;
  await undated.note();
  const gaps = rounds.flatMap(({ outcomes }) => outcomes).at(-1)?.trouble === 'gaps';
  const before = record.filesTotal > 0 ? record : base;
  const seen = { before, counts: guard.tally.counts, roomBefore, roomAfter: await machine.readRoom() };
  const copied = gaps ? told : await ownFigures(told, seen, machine, source, signal);
  const figures = gaps ? told : await compareContent(job, machine, story, { guard, order, figures: copied }, signal);
  const vanished = (rounds.at(-1)?.outcomes ?? []).reduce((count, outcome) => count + outcome.vanished, 0);
  if (!gaps && mayHaveRests(job, rounds)) await machine.removePartials(source);
  story.tell('sync:finished', {
    ...figures,
    gaps: gaps || vanished > 0,
    tookMs: Math.round(performance.now() - started),
  });
  return { figures, complete: !gaps, vanished, suspicious: rounds.some(({ suspicious }) => suspicious) };
}

/** The server may need minutes to start; the tries wait for it. */
async function wakeServer({ wake }: PullSource, machine: Machine, story: Story, signal: AbortSignal): Promise<void> {
  const failure = wake === undefined ? undefined : await machine.wakeServer(wake, signal);
  if (failure !== undefined)
    story.tell('run:warned', {
      about: 'wake',
      reason: `The server could not be woken (setting wake): ${failure}.`,
      todo: 'Check the network of the station: ip -br address',
    });
}

/** Told once for each change of the address, not for each connection. */
function tellReached(story: Story): NonNullable<PullOrder['onReached']> {
  let last: string | undefined;
  return ({ address, silent }) => {
    if (address !== last) story.tell('server:reached', { address, silent });
    last = address;
  };
}

/** Told once for each change, not for each rsync. */
function tellCompression(story: Story): NonNullable<PullOrder['onCompression']> {
  let last: string | undefined;
  return (because) => {
    if (because !== last) story.tell('sync:compressed', { isOn: because !== 'refused', because });
    last = because;
  };
}

/** Repeats rounds until one is not interrupted. @param one makes a round; its argument: an earlier one looked wrong */
async function allRounds(one: (suspicious: boolean) => Promise<Round>): Promise<Round[]> {
  const rounds: Round[] = [];
  do rounds.push(await one(rounds.some(({ suspicious }) => suspicious)));
  while (rounds.at(-1)?.brokeOff === true);
  return rounds;
}

/** Unfinished files exist only after an interrupted attempt; the search for them reads every directory. */
const mayHaveRests = (job: Job, rounds: readonly Round[]): boolean =>
  wasInterrupted(job) || rounds.length > 1 || rounds.some(({ attempts }) => attempts > 1);

/** The run before did not come to its end. */
const wasInterrupted = ({ wasCutOff = false, record }: Job): boolean => wasCutOff || record.lastError !== null;

/** The figures of rsync. An interrupted rsync has none, but each deletion was counted. */
function toldBy(rounds: readonly Round[], { deleted, attributes }: Counts): PullFigures {
  const summed = rounds.flatMap(({ outcomes }) => outcomes.map(({ figures }) => figures)).reduce(sum);
  return {
    ...summed,
    filesDeleted: Math.max(summed.filesDeleted, rounds.length > 1 ? deleted : 0),
    ...(attributes !== undefined && { attributesChanged: attributes }),
  };
}

/** The totals come from the last phase that listed the source; transfers add up. */
function sum(before: PullFigures, last: PullFigures): PullFigures {
  const { filesTotal, bytesTotal } = last.filesTotal > 0 ? last : before;
  return {
    filesTotal,
    bytesTotal,
    filesDeleted: before.filesDeleted + last.filesDeleted,
    filesTransferred: before.filesTransferred + last.filesTransferred,
    bytesTransferred: before.bytesTransferred + last.bytesTransferred,
    bytesReceived: before.bytesReceived + last.bytesReceived,
  };
}
