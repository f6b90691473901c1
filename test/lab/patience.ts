/**
 * A time limit against hanging. The stories give the time on an idle host; a busy or slow host is three times slower.
 */
export const patient = (timeoutMs: number): number => 3 * timeoutMs;
