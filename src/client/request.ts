/** Asks the running agent for something, through its spool, and follows its answer. */
import { randomUUID } from 'node:crypto';
import { rename, unlink, writeFile } from 'node:fs/promises';
import { parseJson } from '../system/parse-json.ts';
import { CancelledError, ExtbackupError, exitCodes, UsageError } from '../errors.ts';
import { readIfThere } from '../system/atomic-file.ts';
import { files, type Paths } from '../system/paths.ts';
import type { SpoolRequest } from '../protocol/spool-note.ts';
import { coalesce } from '../system/coalesce.ts';
import { readProcessStart } from '../system/process-start.ts';
import { readAgentStatus } from './read-status.ts';
import { replySchema, type Reply, type Status } from '../protocol/status.ts';
import { watchRunDirectory } from './follow-status.ts';

/** A request; the id is added here. */
export type Wish =
  | { readonly kind: 'run'; readonly drive: string | null; readonly scheduled: boolean }
  | { readonly kind: 'cancel-runs'; readonly drive: string | null }
  | { readonly kind: 'release' };

/** Options for following a request. */
export interface Following {
  /** Called with each new answer and each new state of the agent, until the final answer. */
  onNews?(reply: Reply | undefined, status: Status | undefined): void;
  /** When aborted, the agent is asked to cancel; waiting goes on until the end. */
  readonly cancel?: AbortSignal;
  /** When aborted, waiting ends; the request itself goes on. */
  readonly leave?: AbortSignal;
  /** How long the agent may take to notice the request, in milliseconds. */
  readonly patienceMs?: number;
}

/** An agent that has noticed the request may take this many times `patienceMs` to begin or cancel it. */
const patienceToBegin = 10;

/**
 * Writes a request and waits for the final answer.
 * @throws UsageError when there is no answer: no agent runs, it does not take the request, or the user is not root
 * @throws ExtbackupError when the agent dies before it has answered
 * @throws CancelledError when `leave` is aborted
 */
export async function requestAndFollow(paths: Paths, wish: Wish, following: Following = {}): Promise<Reply> {
  const agent = await findAgent(paths);
  const id = randomUUID();
  const replyFile = `${files.replies(paths)}/${id}.json`;
  const patienceMs = following.patienceMs ?? usualPatienceMs;
  const askedAt = performance.now();
  let cancelledAt = Infinity;
  let started = false;
  let stopWatching = (): Promise<void> => Promise.resolve();
  const answer = new Promise<Reply>((resolve, reject) => {
    const look = async (): Promise<void> => {
      const alive = (await readProcessStart(agent.pid)) === agent.pidStartTime; // first: an answer of an agent that died afterwards counts
      const reply = parseReply(await readIfThere(replyFile));
      if (reply?.state === 'done') {
        resolve(reply);
        return;
      }
      started ||= reply?.state === 'started';
      const waitedMs = performance.now() - askedAt;
      if (reply === undefined && waitedMs > patienceMs && (await takeBack(paths, id))) throw notTaken();
      if (reply === undefined && waitedMs > patienceMs * patienceToBegin) throw notTaken();
      if (performance.now() > cancelledAt + patienceMs && (await takeBack(paths, cancelName(id)))) throw notCancelled();
      if (!alive) throw await agentGone(paths, id, started);
      following.onNews?.(reply, await readAgentStatus(paths));
    };
    const refresh = coalesce(look, reject);
    const watch = watchRunDirectory(paths, [files.status(paths), replyFile], refresh);
    const cancel = (): void => {
      const cancelTaken = async (): Promise<void> => {
        if (await takeBack(paths, id))
          throw new CancelledError('Cancelled before the agent took the request.', 'Nothing was started.');
        await dropNote(paths, { version: 1, kind: 'cancel', id }, cancelName(id));
        cancelledAt = performance.now();
      };
      cancelTaken().catch(reject);
    };
    const leave = (): void => {
      reject(new CancelledError('Not waiting any longer; the agent goes on.', 'See: extbackup status'));
    };
    following.cancel?.addEventListener('abort', cancel, { once: true });
    following.leave?.addEventListener('abort', leave, { once: true });
    stopWatching = async () => {
      following.cancel?.removeEventListener('abort', cancel);
      following.leave?.removeEventListener('abort', leave);
      await watch.close();
    };
    dropNote(paths, toRequest(wish, id), id).then(refresh, reject);
  });
  try {
    return await answer;
  } finally {
    await stopWatching();
    await unlink(replyFile).catch(() => undefined); // the agent removes answers that are never read
  }
}

const toRequest = (wish: Wish, id: string): SpoolRequest =>
  wish.kind === 'release' ? { version: 1, id, kind: 'release' } : { version: 1, id, ...wish };

/** @throws UsageError */
async function findAgent(paths: Paths): Promise<Status> {
  const agent = await readAgentStatus(paths).catch((error: unknown) => {
    throw asRoot(error);
  });
  if (agent === undefined) throw new UsageError('The agent is not running.', 'Start it: systemctl start extbackup');
  return agent;
}

/** Writes beside the spool and renames into it, so that the agent never reads half a note. */
async function dropNote(paths: Paths, request: SpoolRequest, name: string = randomUUID()): Promise<void> {
  const draft = `${paths.run}/request.${name}.draft`;
  try {
    await writeFile(draft, JSON.stringify(request), { mode: 0o600, flag: 'wx' });
    await rename(draft, noteFile(paths, name));
  } catch (error) {
    await unlink(draft).catch(() => undefined);
    throw asRoot(error);
  }
}

const noteFile = (paths: Paths, name: string): string => `${files.spool(paths)}/request.${name}.json`;

const usualPatienceMs = 60_000;

/** Withdraws a request. False when the agent has taken it: the process that removes the note decides. */
const takeBack = (paths: Paths, id: string): Promise<boolean> =>
  unlink(noteFile(paths, id)).then(
    () => true,
    () => false,
  );

/** Name of the note that cancels a request. */
const cancelName = (id: string): string => `${id}-cancel`;

const notCancelled = (): ExtbackupError =>
  new ExtbackupError('EXB_AGENT_GONE', exitCodes.notReleased, {
    happened:
      'The agent runs, but does not notice that the run is cancelled; it is not known whether the disk is closed.',
    todo: 'DO NOT UNPLUG it before you look at: extbackup status ; restart the agent: systemctl restart extbackup',
  });

const notTaken = (): UsageError =>
  new UsageError(
    'The agent runs, but does not notice the request.',
    'Restart it: systemctl restart extbackup. If it happens again, see: extbackup doctor',
  );

function asRoot(error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EACCES' || code === 'EPERM')
    return new UsageError('Only root may send requests to the agent.', 'Run it as root, for example with sudo.', error);
  if (code === 'ENOENT')
    return new UsageError(
      'The agent is not running, or its spool was removed under it.',
      'Start it anew: systemctl restart extbackup',
      error,
    );
  return error;
}

const parseReply = (text: string | undefined): Reply | undefined => parseJson(replySchema, text);

/** Withdraws a note that was not read, so that no run starts later without a person waiting for it. */
async function agentGone(paths: Paths, id: string, started: boolean): Promise<ExtbackupError> {
  await unlink(noteFile(paths, id)).catch(() => undefined);
  if (!started)
    return new UsageError(
      'The agent stopped before it took the request.',
      'Start it and try again: systemctl start extbackup',
    );
  return new ExtbackupError('EXB_AGENT_GONE', exitCodes.notReleased, {
    happened: 'The agent stopped during the request; it is not known whether the disk is closed.',
    todo: 'DO NOT UNPLUG it before you look at: extbackup status',
  });
}
