/**
 * Makes a function that runs `work` one at a time: calls during `work` lead to one more run after it, also
 * when it fails.
 * @param onError called each time `work` fails; must not throw
 */
export function coalesce(work: () => Promise<void>, onError: (error: unknown) => void): () => void {
  let wanted = 0;
  let served = 0;
  let running = false;
  const serve = async (): Promise<void> => {
    running = true;
    while (served < wanted) {
      served = wanted;
      try {
        await work();
      } catch (error) {
        onError(error);
      }
    }
    running = false;
  };
  return () => {
    wanted += 1;
    if (!running) void serve();
  };
}
