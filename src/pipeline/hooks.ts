import type { Hook, HookPoint } from '../config/schema.ts';
import { CancelledError, NotReleasedError, PullError } from '../errors.ts';
import { HeldError } from '../guard/hold.ts';
import type { RunResult } from './job.ts';
import type { Job } from './job.ts';
import type { Machine } from './machine.ts';
import type { Story } from './story.ts';
import type { PullResult } from './job.ts';
import { throwIfCancelled } from '../system/undo.ts';

/** What a hook is told of the pull, or of the run: EXTBACKUP_OUTCOME. */
type Outcome = 'complete' | 'incomplete' | 'held' | 'failed' | 'cancelled';

/** The operator's programs in the course of one run. A failing one ends the run before a step, and warns after it. */
export interface Hooks {
  /** @throws PullError when one failed; the others are not started */
  before(step: 'mount' | 'close'): Promise<void>;
  after(step: 'mount'): Promise<void>;
  /** The hooks after the pull run however it ends, once those before it were started. */
  aroundSync(work: () => Promise<PullResult>): Promise<PullResult>;
  /** Those before closing, where a run failed between mounting and them. Never throws, is never cancelled. */
  beforeUndo(): Promise<void>;
  /** Then those after closing, if those before mounting were started and the disk is closed. */
  untilClosed(work: () => Promise<RunResult>): Promise<RunResult>;
}

export function createHooks({ config, record }: Job, machine: Machine, story: Story, signal: AbortSignal): Hooks {
  const mountPoint = '/mnt/plaintext';
  const started = new Set<HookPoint>();
  let outcome: Outcome | undefined;
  const never = new AbortController().signal;

  /** Starts those of one point, one after the other; `onFailure` throws, or lets the next one follow. */
  const start = async (when: HookPoint, stop: AbortSignal, onFailure: (reason: string) => void): Promise<void> => {
    started.add(when);
    const isMounted = when !== 'before-mount' && when !== 'after-close';
    for (const hook of config.hooks.filter((candidate) => candidate.when === when)) {
      const environment = {
        EXTBACKUP_HOOK: when,
        EXTBACKUP_DRIVE: record.label,
        EXTBACKUP_RUN: story.runId,
        ...(isMounted && { EXTBACKUP_MOUNTPOINT: mountPoint }),
        ...(outcome && { EXTBACKUP_OUTCOME: outcome }),
      };
      const { result, tookMs } = await story.timed(() => startOne(machine, hook, environment, stop));
      throwIfCancelled(stop);
      if (result === undefined) story.tell('hook:finished', { hook: when, tookMs });
      else onFailure(`The ${when} hook ${hook.command} ${result}.`);
    }
  };
  const fail = (reason: string): never => {
    throw new PullError(
      'EXB_HOOK',
      reason,
      'Correct it, or take it out of hooks: in /etc/extbackup/config.yaml; then run again: extbackup run',
    );
  };
  const warn = (reason: string): void => {
    story.tell('run:warned', {
      reason,
      todo: 'The run went on. Correct the program, or take it out of hooks: in /etc/extbackup/config.yaml.',
    });
  };

  return {
    before: (step) => start(`before-${step}`, signal, fail),
    after: (step) => start(`after-${step}`, signal, warn),
    aroundSync: async (work) => {
      try {
        await start('before-sync', signal, fail);
        const result = await work();
        outcome = result.complete ? 'complete' : 'incomplete';
        return result;
      } catch (error) {
        outcome = outcomeOf(error, signal);
        throw error;
      } finally {
        await start('after-sync', never, warn);
      }
    },
    beforeUndo: async () => {
      if (!started.has('after-mount') || started.has('before-close')) return;
      outcome ??= signal.aborted ? 'cancelled' : 'failed';
      await start('before-close', never, warn);
    },
    untilClosed: async (work) => {
      const [end] = await Promise.allSettled([work()]);
      const isOpen = end.status === 'rejected' && end.reason instanceof NotReleasedError;
      if (started.has('before-mount') && !isOpen) {
        outcome =
          end.status === 'rejected' ? outcomeOf(end.reason, signal) : end.value.stampedAt ? 'complete' : 'incomplete';
        await start('after-close', never, warn);
      }
      if (end.status === 'rejected') throw end.reason;
      return end.value;
    },
  };
}

async function startOne(
  machine: Machine,
  hook: Hook,
  environment: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    return await machine.runHook(hook, environment, signal);
  } catch {
    return 'could not be started';
  }
}

function outcomeOf(error: unknown, signal: AbortSignal): Outcome {
  if (error instanceof HeldError) return 'held';
  return signal.aborted || error instanceof CancelledError ? 'cancelled' : 'failed';
}
