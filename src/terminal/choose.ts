import { CancelledError } from '../errors.ts';
import { joinSignals } from '../system/joined-signal.ts';

/** One choice. */
export interface Choice<T> {
  /** Safe to show on a terminal. */
  readonly name: string;
  readonly value: T;
  /** Text before the name; computed only when it is shown. */
  readonly describe?: () => Promise<string>;
  /** The reason why it cannot be chosen. */
  readonly disabled?: string;
}

/** An unanswered question must not keep a disk open: a run that waits for it gives up after 15 minutes. */
const patienceMs = 10 * 60_000;

/** Longest list to show; a part of the name finds the rest. */
const mostShown = 200;

/**
 * Lets a person choose from a list at the terminal, with the arrows, or by a part of the name, on standard error.
 * @param more further choices for the typed text
 * @throws CancelledError on Ctrl-C, when `signal` is aborted, and when nobody answers for ten minutes
 */
export async function choose<T>(
  question: string,
  choices: readonly Choice<T>[],
  signal: AbortSignal,
  more: (typed: string) => readonly Choice<T>[] = () => [],
): Promise<T> {
  const { default: search, Separator } = await import('@inquirer/search');
  const message =
    choices.length > mostShown ? `${question} (${choices.length} entries: type a part of the name)` : question;
  const patience = joinSignals([signal], patienceMs);
  const source = async (typed = '') => {
    const wanted = typed.toLowerCase();
    const matching = [
      ...choices.filter(({ name }) => name.toLowerCase().includes(wanted)),
      ...(typed === '' ? [] : more(typed)),
    ];
    const shown = await Promise.all(
      matching.slice(0, mostShown).map(async ({ name, value, describe, disabled }) => ({
        name: `${describe === undefined ? ' '.repeat(27) : `${await describe()}  `}${name}`,
        value: { chosen: value },
        short: name,
        disabled: disabled ?? (false as const),
      })),
    );
    return matching.length > mostShown ? [...shown, new Separator(`and ${matching.length - mostShown} more`)] : shown;
  };
  try {
    return (await search({ message, source, pageSize: 15 }, { output: process.stderr, signal: patience.signal }))
      .chosen;
  } catch (error) {
    if (patience.isLate())
      throw new CancelledError('There was no answer for ten minutes.', 'Run the same command again.');
    if (error instanceof Error && ['ExitPromptError', 'AbortPromptError'].includes(error.name))
      throw new CancelledError('Cancelled.', 'The disk is closed.');
    throw error;
  } finally {
    patience.end();
  }
}
