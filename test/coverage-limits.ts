/** What the tests must cover of the sources, in percent. */
export const COVERAGE_LIMITS = { lines: 95, branches: 87 } as const;
