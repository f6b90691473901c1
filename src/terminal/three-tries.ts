import { CancelledError, ExtbackupError } from '../errors.ts';

const tries = 3;

/**
 * Lets a person correct a typing mistake: asks three times in all. Any other error ends it at once.
 * @param isSlip whether another answer may help
 * @throws the error of the last try
 */
export async function threeTries<T>(
  attempt: () => Promise<T>,
  isSlip: (error: ExtbackupError) => boolean = () => true,
  say: (text: string) => void = (text) => process.stderr.write(`${text}\n`),
): Promise<T> {
  for (let left = tries - 1; ; left -= 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof ExtbackupError) || error instanceof CancelledError) throw error;
      if (left === 0 || !isSlip(error)) throw error;
      say(`${error.message} Try again.`);
    }
  }
}

/**
 * Asks for a password and uses it, and asks again when it was wrong; standard input has only one.
 * @param isAsked false once the password was accepted: a later error is not a typing mistake
 */
export function untilRight<T>(
  fromStdin: boolean,
  attempt: () => Promise<T>,
  isAsked: () => boolean = () => true,
): Promise<T> {
  return fromStdin ? attempt() : threeTries(attempt, ({ code }) => code === 'EXB_KEY_REJECTED' && isAsked());
}
