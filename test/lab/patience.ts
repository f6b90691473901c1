/**
 * A limit that is there to end what hangs. The stories name what an emulated machine needs on an idle host; beside other
 * work, or on a slow host, it is three times slower.
 */
export const patient = (timeoutMs: number): number => 3 * timeoutMs;
