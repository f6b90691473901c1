import fc from 'fast-check';

/** Above 1: this many times more examples, other ones in each run, and longer time limits. */
export const factor = Number(process.env['PROPERTY_FACTOR'] ?? 1);

/**
 * The number of examples for a property. Always the same examples, so that a new failure is caused by the change;
 * `npm run test:properties` tries other ones.
 */
export const runs = (count: number): fc.Parameters<unknown> => ({
  numRuns: count * factor,
  // The search for a smaller counterexample ends before the test's time limit, which would discard the result.
  ...(factor === 1
    ? { seed: 20_261_127 }
    : { plugins: [fc.interruptAfterTimeLimit(25_000 * factor, { failOnInterrupt: true })] }),
});

fc.configureGlobal(runs(100));
