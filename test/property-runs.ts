import fc from 'fast-check';

/** More than 1 draws so many times more examples, and others each time; the tests' time limits grow with it. */
export const factor = Number(process.env['PROPERTY_FACTOR'] ?? 1);

/**
 * How often a property is tried. The same examples each time, so that a change is not blamed for what luck found in
 * older code; `npm run test:properties` looks for what they miss.
 */
export const runs = (count: number): fc.Parameters<unknown> => ({
  numRuns: count * factor,
  // The search for a smaller counterexample ends before the test's time limit, which would lose what was found.
  ...(factor === 1
    ? { seed: 20_261_127 }
    : { plugins: [fc.interruptAfterTimeLimit(25_000 * factor, { failOnInterrupt: true })] }),
});

fc.configureGlobal(runs(100));
