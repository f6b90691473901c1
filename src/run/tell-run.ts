import { AgentStoppedError, exitCodes } from '../errors.ts';
import { HeldError } from '../guard/hold.ts';
import type { Story } from '../pipeline/story.ts';
import { roomNews } from '../records/room-forecast.ts';
import type { RunRecord } from '../records/run-record.ts';
import type { Phase } from '../bus/events.ts';
import { verifiedFigures, waitsIn, type EndedRun } from './ended-run.ts';
import { parkNews } from './park-after-run.ts';
import type { RunSurroundings } from './run-surroundings.ts';
import { sourcesOfRun } from './source-results.ts';

/** The last events of a run: its result, and whether its disk may be unplugged. */
export function tellEnd(ended: EndedRun, phase: Phase, story: Story, { bus }: RunSurroundings): void {
  const { order, failure, error, result, tookMs, disk, health, parked, unparkable } = ended;
  const { drive, runId } = order;
  const resumes = disk === 'closed' && error instanceof AgentStoppedError;
  const room = result?.room ? roomNews(drive, ended.rooms, result.room) : [];
  for (const one of room) story.tell('run:warned', { about: 'room', ...one });
  for (const news of [...(health?.news(drive) ?? []), ...parkNews(drive, unparkable, parked)])
    story.tell('run:warned', news);
  const waits = waitsIn(ended);
  if (failure && error instanceof HeldError) {
    const { headline, sign, isAlarm = false, counts } = error.facts;
    story.tell('run:held', {
      ...failure,
      headline,
      ...(sign && { sign }),
      isAlarm,
      ...(counts && { counts }),
      tookMs,
      ...(waits && { waits }),
    });
  } else if (failure) {
    story.tell('run:failed', { ...failure, phase, tookMs, ...(resumes && { resumes }), ...(waits && { waits }) });
  } else
    story.tell('run:succeeded', {
      ...result?.figures,
      tookMs,
      gaps: result?.gaps === true,
      vanished: result?.vanished ?? 0,
      stamped: result?.stampedAt !== undefined,
      ...verifiedFigures(result),
    });
  if (disk === 'closed' && !resumes) bus.emit('drive:safe-to-unplug', { drive, runId });
  if (disk === 'open')
    bus.emit('drive:do-not-unplug', {
      drive,
      runId,
      reason: failure?.happened ?? 'It could not be proven that the disk is closed.',
    });
}

/** The record of a run for the run log. */
export function runRecordOf({ order, startedAt, disk, result, ...ended }: EndedRun): RunRecord {
  const { figures } = result ?? {};
  const { failure, exitCode, tookMs, health } = ended;
  return {
    id: order.runId,
    drive: order.drive,
    trigger: order.trigger,
    startedAt: startedAt.toISOString(),
    endedAt: new Date().toISOString(),
    outcome: outcomeOf(exitCode),
    exitCode,
    code: failure?.code ?? null,
    message: failure?.happened ?? '',
    released: disk !== 'open',
    pulledOut: disk === 'gone',
    tookMs,
    filesTotal: figures?.filesTotal ?? null,
    filesTransferred: figures?.filesTransferred ?? null,
    filesDeleted: figures?.filesDeleted ?? null,
    bytesTotal: figures?.bytesTotal ?? null,
    bytesTransferred: figures?.bytesTransferred ?? null,
    bytesReceived: figures?.bytesReceived ?? null,
    verified: verifiedFigures(result).verified ?? null,
    mediaErrors: health?.ioErrors ?? 0,
    historyNumber: ended.position ?? null,
    ...sourcesOfRun(ended.sources),
  };
}

function outcomeOf(exitCode: number): RunRecord['outcome'] {
  if (exitCode === exitCodes.done) return 'success';
  if (exitCode === exitCodes.gaps) return 'gaps';
  if (exitCode === exitCodes.held) return 'held';
  return exitCode === exitCodes.cancelled ? 'cancelled' : 'failure';
}
