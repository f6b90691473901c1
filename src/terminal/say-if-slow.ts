/** Prints a line when work takes longer than a person waits without one. */
export async function sayIfSlow<T>(
  context: { note(text: string): void },
  text: string,
  work: Promise<T>,
  afterMs = 2_000,
): Promise<T> {
  const timer = setTimeout(() => {
    context.note(text);
  }, afterMs);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}

/** The same for a key derivation, which is slow so that guesses are, too. */
export const sayIfDerivationIsSlow = <T>(context: { note(text: string): void }, work: Promise<T>): Promise<T> =>
  sayIfSlow(context, 'Building the key from the password…', work);
