import type { Hook, HookPoint } from '../config/hook-schema.ts';
import { CancelledError, NotReleasedError, PullError } from '../errors.ts';
import { HeldError } from '../guard/hold.ts';
import type { Job, PullResult, RunResult } from './job.ts';
import type { Machine } from './machine.ts';
import type { Story } from './story.ts';
import { throwIfCancelled } from '../system/undo.ts';

/** The outcome of the pull, or of the run, for a hook: EXTBACKUP_OUTCOME. */
type Outcome = 'complete' | 'incomplete' | 'held' | 'failed' | 'cancelled';

/**
 * The operator's programs in the course of one run. A hook that fails before a step ends the run; one that fails after
 * it only warns.
 */
export interface Hooks {
  /** @throws PullError when one failed; the others are not started */
  before(step: 'mount' | 'close'): Promise<void>;
  after(step: 'mount'): Promise<void>;
  /** Hooks after the pull run in every case, once the hooks before it were started. */
  aroundSync(work: () => Promise<PullResult>): Promise<PullResult>;
  /** Runs the hooks before closing, also when the run failed after mounting. Never throws, is never cancelled. */
  beforeUndo(): Promise<void>;
  /** Runs the hooks after closing, if those before mounting were started and the disk is closed. */
  untilClosed(work: () => Promise<RunResult>): Promise<RunResult>;
}

export function createHooks(job: Job, machine: Machine, story: Story, signal: AbortSignal): Hooks {
  const starter = createStarter(job, machine, story);
  const never = new AbortController().signal;
  const warn = (reason: string): void => {
    story.tell('run:warned', {
      about: 'hook',
      reason,
      todo: 'The run continued. Correct the program, or remove it from hooks: in /etc/extbackup/config.yaml.',
    });
  };
  return {
    before: (step) => starter.start(`before-${step}`, signal, fail),
    after: (step) => starter.start(`after-${step}`, signal, warn),
    aroundSync: async (work) => {
      try {
        await starter.start('before-sync', signal, fail);
        const result = await work();
        starter.outcome = result.complete ? 'complete' : 'incomplete';
        return result;
      } catch (error) {
        starter.outcome = outcomeOf(error, signal);
        throw error;
      } finally {
        await starter.start('after-sync', never, warn);
      }
    },
    beforeUndo: async () => {
      if (!starter.started.has('after-mount') || starter.started.has('before-close')) return;
      starter.outcome ??= signal.aborted ? 'cancelled' : 'failed';
      await starter.start('before-close', never, warn);
    },
    untilClosed: async (work) => {
      const [end] = await Promise.allSettled([work()]);
      const isOpen = end.status === 'rejected' && end.reason instanceof NotReleasedError;
      if (starter.started.has('before-mount') && !isOpen) {
        starter.outcome =
          end.status === 'rejected' ? outcomeOf(end.reason, signal) : end.value.stampedAt ? 'complete' : 'incomplete';
        await starter.start('after-close', never, warn);
      }
      if (end.status === 'rejected') throw end.reason;
      return end.value;
    },
  };
}

/** Starts hooks, and keeps track of those that were started and of the outcome for the next. */
interface Starter {
  readonly started: ReadonlySet<HookPoint>;
  outcome: Outcome | undefined;
  /** Starts the hooks of one point, one after the other; `onFailure` throws, or returns to go on with the next. */
  start(when: HookPoint, stop: AbortSignal, onFailure: (reason: string) => void): Promise<void>;
}

function createStarter({ config, record }: Job, machine: Machine, story: Story): Starter {
  const started = new Set<HookPoint>();
  const starter: Starter = {
    started,
    outcome: undefined,
    start: async (when, stop, onFailure) => {
      started.add(when);
      const isMounted = when !== 'before-mount' && when !== 'after-close';
      for (const hook of config.hooks.filter((candidate) => candidate.when === when)) {
        const environment = {
          EXTBACKUP_HOOK: when,
          EXTBACKUP_DRIVE: record.label,
          EXTBACKUP_RUN: story.runId,
          ...(isMounted && { EXTBACKUP_MOUNTPOINT: '/mnt/plaintext' }),
          ...(starter.outcome && { EXTBACKUP_OUTCOME: starter.outcome }),
        };
        const { result, tookMs } = await story.timed(() => startOne(machine, hook, environment, stop));
        throwIfCancelled(stop);
        if (result === undefined) story.tell('hook:finished', { hook: when, tookMs });
        else onFailure(`The ${when} hook ${hook.command} ${result}.`);
      }
    },
  };
  return starter;
}

function fail(reason: string): never {
  throw new PullError(
    'EXB_HOOK',
    reason,
    'Correct it, or remove it from hooks: in /etc/extbackup/config.yaml; then run again: extbackup run',
  );
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
