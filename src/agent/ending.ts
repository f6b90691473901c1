/** The reason for the agent's end. */
type Ending = 'SIGTERM' | 'SIGINT' | 'upgraded';

/**
 * Waits for a signal or an error that ends the agent. The listeners stay until everything is undone: a signal without a
 * listener ends the process at once, and so does the library that starts programs when only its own listener is left.
 */
export function listenForEnding() {
  let end: (ending: Ending) => void = () => undefined;
  const reason = new Promise<Ending>((resolve) => {
    end = resolve;
  });
  const onSignal = (signal: NodeJS.Signals): void => {
    end(signal === 'SIGINT' ? 'SIGINT' : 'SIGTERM');
  };
  const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  return {
    reason,
    upgraded: (): void => {
      end('upgraded');
    },
    forget: (): void => {
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}
