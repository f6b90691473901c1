import { CancelledError, KeyError, UsageError, type ExtbackupError } from '../errors.ts';
import { checkPassword } from '../keys/password.ts';
import { passwordHint } from '../keys/password-hint.ts';
import { CommandError, type StartProgram } from '../system/command.ts';
import { Secret } from '../system/secret.ts';
import { threeTries } from './three-tries.ts';

const longestInput = 64 * 1024;

/** Options for a password question. */
export interface PasswordQuestion {
  readonly message: string;
  /** Read standard input instead of asking. */
  readonly fromStdin: boolean;
  /** Ask twice: a typing mistake in a new password would lock its owner out. */
  readonly twice: boolean;
  /**
   * Checks the typed password before it is typed again, and returns the form to use. Its argument is overwritten.
   * Throws KeyError.
   */
  readonly check?: (typed: Secret) => Secret;
  /** A hint about an allowed password, shown before it is typed again. */
  readonly hint?: (password: Secret) => string | undefined;
}

/** The question for a new password. */
export const newPassword = {
  message: 'New password for the backup disks:',
  twice: true,
  check: (typed: Secret) => checkPassword('scrypt', typed),
  hint: passwordHint,
} as const;

/**
 * Gets a password from the terminal, without echo and in three tries, or from standard input.
 * @throws UsageError when there is neither a terminal nor `--password-stdin`
 * @throws KeyError (EXB_PASSWORD) when the two tries differ
 * @throws CancelledError on Ctrl-C
 */
export async function askPassword(question: PasswordQuestion): Promise<Secret> {
  const { check = asTyped } = question;
  if (question.fromStdin) return check(passwordFromInput(await readInput()));
  if (!process.stdin.isTTY) {
    throw new UsageError(
      'There is no terminal to ask for the password.',
      'Give it on standard input, with --password-stdin.',
    );
  }
  return threeTries(() => ask(prompt, question), isRefused);
}

const isRefused = ({ code }: ExtbackupError): boolean => code === 'EXB_PASSWORD';
const asTyped = (typed: Secret): Secret => typed;

/** @throws KeyError (EXB_PASSWORD) when the two tries differ */
async function ask(
  one: (message: string) => Promise<Secret>,
  { message, twice, check = asTyped, hint }: Omit<PasswordQuestion, 'fromStdin'>,
): Promise<Secret> {
  const first = check(await one(message));
  if (!twice) return first;
  const said = hint?.(first);
  if (said !== undefined) process.stderr.write(`${said}\n`);
  const second = check(await one('The same again:'));
  const same = first.reveal().equals(second.reveal());
  second.wipe();
  if (same) return first;
  first.wipe();
  throw new KeyError('EXB_PASSWORD', 'The two passwords differ.', 'Type the same twice.');
}

/**
 * Asks through systemd, so that any of its password agents can answer: the console, or a tool for remote
 * unlocking. See systemd-ask-password(1).
 * @throws CancelledError when nobody answers within `minutes`
 * @throws KeyError (EXB_PASSWORD) when the two tries differ
 */
export function askThroughSystemd(
  start: StartProgram,
  question: Omit<PasswordQuestion, 'fromStdin'>,
  minutes: number,
): Promise<Secret> {
  return threeTries(() => ask((message) => askSystemd(start, message, minutes), question), isRefused);
}

async function askSystemd(start: StartProgram, message: string, minutes: number): Promise<Secret> {
  try {
    const { stdout } = await start({
      file: '/usr/bin/systemd-ask-password',
      args: ['--no-tty', '--id=extbackup', '--icon=drive-harddisk', `--timeout=${minutes * 60}`, message],
      timeoutMs: (minutes + 1) * 60_000,
    });
    return passwordFromInput(Buffer.from(stdout, 'utf8'));
  } catch (error) {
    if (error instanceof CommandError && error.exitCode !== undefined)
      throw new CancelledError('There was no answer to the question for the password.', 'Try again: extbackup unlock');
    throw error;
  }
}

async function readInput(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length <= longestInput) continue;
    for (const read of chunks) read.fill(0);
    throw new KeyError(
      'EXB_PASSWORD',
      'Standard input is too long for a password.',
      'Make sure that the right file or text was given.',
    );
  }
  const all = Buffer.concat(chunks);
  for (const chunk of chunks) chunk.fill(0);
  return all;
}

/**
 * The library returns a string, which cannot be overwritten: it disappears with this process, which ends soon and
 * leaves no core file. `--password-stdin` makes no string. On standard error, so that standard output stays clean for
 * scripts.
 */
async function prompt(message: string): Promise<Secret> {
  const { default: password } = await import('@inquirer/password');
  try {
    return new Secret(Buffer.from(await password({ message, mask: false }, { output: process.stderr }), 'utf8'));
  } catch (error) {
    if (error instanceof Error && error.name === 'ExitPromptError')
      throw new CancelledError('Cancelled.', 'No key was changed.');
    throw error;
  }
}

/**
 * One password from the bytes of standard input; a trailing newline, which `echo` adds, is removed.
 * `input` is overwritten.
 */
export function passwordFromInput(input: Buffer): Secret {
  let end = input.length;
  if (input[end - 1] === 0x0a) end -= 1;
  if (end < input.length && input[end - 1] === 0x0d) end -= 1;
  const password = Buffer.from(input.subarray(0, end));
  input.fill(0);
  return new Secret(password);
}
