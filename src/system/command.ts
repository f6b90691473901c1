import type { Readable } from 'node:stream';
import { execa } from 'execa';
import { withDeadline, withDeadlineAfter } from './deadline.ts';
import { endWithGroup } from './process-group.ts';
import type { Secret } from './secret.ts';
import { openTailedFile, type TailedFile } from './tailed-file.ts';

/** One program to start. No shell is involved, PATH is not searched, the environment is not inherited. */
export interface Command {
  /** Absolute path: root never searches PATH. */
  readonly file: `/${string}`;
  /** Strings only, so that a Secret cannot get in by accident. */
  readonly args: readonly string[];
  /** Added to the two variables that every program gets; never a secret. */
  readonly env?: Readonly<Record<string, string>>;
  /** Written to the program's standard input, which is then closed. Without it standard input is empty. */
  readonly stdin?: Secret | string | Buffer;
  /** Open files that the program gets as its descriptors 3, 4, … */
  readonly descriptors?: readonly number[];
  /** After this many milliseconds the program gets SIGTERM, 5 s later SIGKILL; soon after that the waiting ends. */
  readonly timeoutMs: number;
  /** Ends the program with SIGTERM (SIGKILL after 5 s); soon after that the waiting ends. */
  readonly signal?: AbortSignal;
  /** For programs that start others: all of them form a process group, and are stopped together. */
  readonly ownGroup?: boolean;
  /** With `ownGroup`: the program runs in a box, which must end after it; see confine.ts. */
  readonly isBoxed?: boolean;
  /** What the program can read from the descriptor after all others. */
  readonly extra?: Buffer;
  /** Called with the process id; with `ownGroup` it is also the group's id. */
  readonly onStart?: (pid: number) => void;
  /** Called when the program itself has ended; its children may still hold its pipes. null: a signal ended it. */
  readonly onExit?: (exitCode: number | null) => void;
  /** Called with every piece of standard output as it arrives; the output is then not collected. */
  readonly onStdout?: (chunk: string) => void;
  /**
   * For programs that write very many lines: a file that gets the output, and from which `onStdout` is then
   * served; see tailed-file.ts.
   */
  readonly stdoutFile?: string;
  /** Called with every piece of standard error as it arrives; only its end is then kept. */
  readonly onStderr?: (chunk: string) => void;
  /** Standard output is bytes, not text: each becomes one character, as in latin1. */
  readonly isBinary?: boolean;
  /** Exit codes other than 0 that are no failure. */
  readonly accept?: readonly number[];
}

/** The result of an accepted program. `stderr` may name files: never log it above debug level. */
export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts a program and waits for its end. Throws {@link CommandError} unless it ended with 0 or an accepted code. */
export type StartProgram = (command: Command) => Promise<CommandResult>;

const killDelayMs = 5_000;
const keptStderr = 8_000;

/** {@link StartProgram} for the real machine. */
export const startProgram: StartProgram = async (command) => {
  const { file, args, timeoutMs, signal, ownGroup = false, onStdout, stdoutFile, accept = [] } = command;
  const tailed = onStdout && stdoutFile !== undefined ? await openTailedFile(stdoutFile, onStdout) : undefined;
  const child = spawnChild(command, tailed);
  tailed?.begin();
  const errors = listen(child, command, tailed === undefined);
  const group = ownGroup ? endWithGroup(child, signal, timeoutMs, killDelayMs, command.isBoxed) : undefined;
  const stuck = (timedOut: boolean): CommandError =>
    new CommandError(file, args, 'does not end, not even when killed', undefined, errors.end, timedOut, true);
  let ended: Awaited<typeof child>;
  try {
    ended = await waitFor(child, command, tailed, stuck);
  } catch (error) {
    tailed?.stop();
    letGo(child);
    throw error;
  } finally {
    group?.stop();
  }
  if (ended.timedOut || ended.isCanceled) group?.kill(); // it may have closed its pipes and still run
  const { exitCode } = ended;
  const stdout = typeof ended.stdout === 'string' ? ended.stdout : '';
  const stderr = typeof ended.stderr === 'string' ? ended.stderr.slice(-keptStderr) : errors.end;
  if (exitCode !== undefined && !ended.timedOut && !ended.isCanceled && (exitCode === 0 || accept.includes(exitCode))) {
    return { exitCode, stdout, stderr };
  }
  throw new CommandError(file, args, howItEnded(ended), exitCode, stderr, ended.timedOut);
};

type Child = ReturnType<typeof spawnChild>;

/** @param tailed gets standard output in place of a pipe */
const spawnChild = (
  {
    file,
    args,
    env,
    stdin,
    descriptors,
    extra,
    timeoutMs,
    signal,
    ownGroup = false,
    isBinary,
    onStdout,
    onStderr,
  }: Command,
  tailed: TailedFile | undefined,
) =>
  execa(file, args, {
    reject: false, // an ExecaError carries all output into whatever logs it; ours does not
    verbose: 'none', // otherwise NODE_DEBUG=execa echoes commands and their output
    env: { LC_ALL: 'C.UTF-8', PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ...env },
    extendEnv: false,
    cleanup: true,
    detached: ownGroup, // a session of its own, and so a group; execa's cleanup is then up to endWithGroup
    stripFinalNewline: false,
    timeout: timeoutMs,
    forceKillAfterDelay: killDelayMs,
    maxBuffer: 64 * 1024 * 1024,
    ...(isBinary === true && { encoding: 'latin1' as const }),
    ...(stdin !== undefined && {
      input: typeof stdin === 'string' || Buffer.isBuffer(stdin) ? stdin : stdin.reveal(),
    }),
    ...(signal && { cancelSignal: signal }),
    stdio: [
      stdin === undefined ? ('ignore' as const) : ('pipe' as const),
      // Any descriptor does; the types know of nine.
      (tailed?.writeEnd as 3 | undefined) ?? 'pipe',
      'pipe' as const,
      ...((descriptors ?? []) as readonly 3[]),
      ...(extra === undefined ? [] : [extra]),
    ],
    buffer: { stdout: onStdout === undefined, stderr: onStderr === undefined },
  });

/**
 * Passes on the program's output, its start and its end.
 * @param isPiped standard output comes through a pipe, not through a file
 * @returns the end of standard error so far, if it is passed on
 */
function listen(
  child: Child,
  { onStart, onExit, onStdout, onStderr }: Command,
  isPiped: boolean,
): { readonly end: string } {
  const errors = { end: '' };
  if (onStdout && isPiped) {
    child.stdout?.setEncoding('utf8');
    child.stdout?.on('data', onStdout);
  }
  if (onStderr) {
    child.stderr.setEncoding('utf8');
    child.stderr.on('data', (chunk: string) => {
      errors.end = (errors.end + chunk).slice(-keptStderr);
      onStderr(chunk);
    });
  }
  // With `stdin: 'ignore'` there is none, in spite of the type.
  // A program that ends before it reads its input is judged by its exit code.
  child.stdin?.on('error', () => undefined);
  if (child.pid !== undefined) onStart?.(child.pid);
  if (onExit) child.once('exit', onExit);
  return errors;
}

/**
 * Waits for the end of a program and of its output, with a limit.
 * @throws the error of `stuck` when the program cannot be killed
 */
function waitFor(
  child: Child,
  { timeoutMs, signal }: Command,
  tailed: TailedFile | undefined,
  stuck: (timedOut: boolean) => CommandError,
): Promise<Awaited<Child>> {
  const all = child.then(async (result) => {
    await tailed?.rest(); // all writers share standard error, which is closed: they have ended, too
    return result;
  });
  const bounded = signal ? withDeadlineAfter(signal, all, 2 * killDelayMs, () => stuck(false)) : all;
  return withDeadline(bounded, timeoutMs + 2 * killDelayMs, () => stuck(true));
}

/** Abandons a program that cannot be killed: its output is ignored, and it does not keep this process alive. */
function letGo(child: { readonly stdout: Readable | null; readonly stderr: Readable | null; unref(): void }): void {
  for (const stream of [child.stdout, child.stderr]) {
    stream?.removeAllListeners('data');
    stream?.destroy();
  }
  child.unref();
}

interface Ending {
  readonly code?: string | undefined;
  readonly timedOut: boolean;
  readonly isCanceled: boolean;
  readonly signal?: string | undefined;
  readonly exitCode?: number | undefined;
}

function howItEnded(end: Ending): string {
  if (end.code === 'ENOENT') return 'is not installed';
  if (end.timedOut) return 'took too long';
  if (end.isCanceled) return 'was cancelled';
  if (end.signal !== undefined) return `was ended by ${end.signal}`;
  if (end.exitCode === undefined) return `could not be started (${end.code ?? 'unknown reason'})`;
  return `ended with exit code ${end.exitCode}`;
}

/** A program that failed. The caller that knows the meaning turns it into an ExtbackupError, with this as cause. */
export class CommandError extends Error {
  /** Path of the program. */
  readonly file: string;
  readonly exitCode: number | undefined;
  /**
   * The end of standard error. May name files: use it to distinguish cases and for the debug log, never in a message.
   */
  readonly stderr: string;
  readonly timedOut: boolean;
  /** It could not be killed: it hangs in the kernel, and may continue at any time. */
  readonly stillRuns: boolean;

  constructor(
    file: string,
    args: readonly string[],
    ending: string,
    exitCode: number | undefined,
    stderr: string,
    timedOut = false,
    stillRuns = false,
  ) {
    super(`${[file, ...args].join(' ')} ${ending}`);
    this.name = 'CommandError';
    this.file = file;
    this.exitCode = exitCode;
    this.stderr = stderr;
    this.timedOut = timedOut;
    this.stillRuns = stillRuns;
  }
}
