import type { PullFigures } from '../bus/events.ts';
import type { PullSource } from '../config/sources.ts';
import type { DriveRecord } from '../records/drive-record.ts';
import { ExtbackupError } from '../errors.ts';
import { recentRunsOf } from '../guard/recent-runs.ts';
import { HeldError, holdOfSource, mustWait, sourceMustWait, sourceStillHeld } from '../guard/hold.ts';
import type { Job, SourceResult } from './job.ts';
import type { MirrorLayout } from './layout.ts';
import type { Machine } from './machine.ts';
import type { Story } from './story.ts';
import { pull } from './pull.ts';
import { type PullResult } from './job.ts';
import { createSourceReports } from './source-reports.ts';
import { endOfSources } from './sources-end.ts';
import { throwIfCancelled } from '../system/undo.ts';

/**
 * Pulls every source of the settings, one after the other; a failed or held source does not stop the others. @returns
 * the sum of all, when none failed and none is held
 * @throws HeldError, or else ExtbackupError, that names each source that is not complete
 */
export async function pullAll(
  job: Job,
  layout: MirrorLayout,
  machine: Machine,
  story: Story,
  signal: AbortSignal,
): Promise<PullResult> {
  const [first] = job.sources;
  const named = job.sources.filter(hasName);
  if (named.length === 0) return pull(job, first, machine, story, signal);
  const reports = createSourceReports(machine);
  for (const { name } of named) if (sourceMustWait(job.record.hold, name)) await reports.keep(name);
  const results: SourceResult[] = [];
  for (const source of named) {
    const { name } = source;
    const isLost = results.some(({ error }) => error?.code === 'EXB_DISK_ERROR');
    const result = isLost
      ? { name, outcome: 'skipped' as const }
      : await pullOne(
          job,
          source,
          { layout, machine: reports.machineFor(name), results },
          storyOf(story, name),
          signal,
        );
    results.push(result);
    job.onSource?.(result);
    const { outcome, error } = result;
    if (error)
      story.tell('source:failed', {
        source: name,
        outcome: outcome === 'held' ? 'held' : 'failure',
        code: error.code,
        happened: error.message,
        todo: error.todo,
      });
  }
  const end = endOfSources(job.record.label, results);
  if (end) throw end;
  const pulled = results.flatMap((result) => (result.pulled ? [[result.name, result.pulled.figures] as const] : []));
  return {
    ...together(results.flatMap((result) => (result.pulled ? [result.pulled] : []))),
    bySource: Object.fromEntries(pulled),
  };
}

type NamedSource = PullSource & { readonly name: string };

const hasName = (source: PullSource): source is NamedSource => source.name !== undefined;

interface Surroundings {
  readonly layout: MirrorLayout;
  readonly machine: Machine;
  /** Results of the sources before it. */
  readonly results: readonly SourceResult[];
}

/** @throws errors of the whole run: a cancellation, or a bug */
async function pullOne(
  job: Job,
  source: NamedSource,
  { layout, machine, results }: Surroundings,
  story: Story,
  signal: AbortSignal,
): Promise<SourceResult> {
  const { record } = job;
  const { name } = source;
  const waiting = sourceMustWait(record.hold, name);
  const doubtful =
    mustWait(record.hold) || results.some(({ outcome, pulled }) => outcome === 'held' || pulled?.suspicious === true);
  try {
    if (waiting) throw sourceStillHeld(record.label, waiting);
    const pulled = await pull(
      { ...job, record: recordOf(record, name, layout.filled.has(name), doubtful) },
      source,
      machine,
      story,
      signal,
    );
    const outcome = pulled.complete && pulled.vanished === 0 ? 'success' : 'gaps';
    return { name, outcome, pulled, ...(pulled.complete && { completeAt: new Date() }) };
  } catch (error) {
    throwIfCancelled(signal);
    if (!(error instanceof ExtbackupError)) throw error;
    return { name, outcome: error instanceof HeldError ? 'held' : 'failure', error };
  }
}

/**
 * The registry's record of a disk for one source. @param isFilled the disk holds files of the source; they are counted
 * if the registry has no figures @param doubtful no old history may be removed for this source
 */
function recordOf(record: DriveRecord, name: string, isFilled: boolean, doubtful: boolean): DriveRecord {
  const { hold, suspicion, ...rest } = record;
  const { lastSuccess, lastError } = isFilled ? rest : { lastSuccess: null, lastError: null };
  const own = record.sources?.[name] ?? { lastSuccess, lastError, filesTotal: 0, bytesTotal: 0 };
  const ownHold = holdOfSource(hold, name);
  const doubt = suspicion ?? (doubtful ? { runId: '', at: new Date().toISOString() } : undefined);
  return {
    ...rest,
    lastSuccess: own.lastSuccess,
    lastError: own.lastError,
    filesTotal: own.filesTotal,
    bytesTotal: own.bytesTotal,
    recent: recentRunsOf(own),
    ...(ownHold && { hold: ownHold }),
    ...(doubt && { suspicion: doubt }),
  };
}

/** Adds the source to each event of a pull. */
function storyOf(story: Story, source: string): Story {
  return {
    runId: story.runId,
    get phase() {
      return story.phase;
    },
    enter: (phase) => {
      story.enter(phase);
    },
    timed: (work) => story.timed(work),
    tell: (name, details) => {
      const own = name.startsWith('sync:') ? { ...details, source } : details;
      story.tell(
        name,
        'reason' in own && typeof own.reason === 'string' ? { ...own, reason: `Source ${source}: ${own.reason}` } : own,
      );
    },
  };
}

/** All sources are on the disk at the same time, so everything adds up. */
function together(all: readonly PullResult[]): PullResult {
  const sum = (of: (result: PullResult) => number): number => all.reduce((total, result) => total + of(result), 0);
  const figure = (key: keyof PullFigures): number => sum(({ figures }) => figures[key] ?? 0);
  return {
    figures: {
      filesTotal: figure('filesTotal'),
      filesTransferred: figure('filesTransferred'),
      filesDeleted: figure('filesDeleted'),
      bytesTotal: figure('bytesTotal'),
      bytesTransferred: figure('bytesTransferred'),
      bytesReceived: figure('bytesReceived'),
      ...(figure('attributesChanged') > 0 && { attributesChanged: figure('attributesChanged') }),
    },
    complete: all.every(({ complete }) => complete),
    vanished: sum(({ vanished }) => vanished),
    suspicious: all.some(({ suspicious }) => suspicious),
  };
}
