/** What a run of the tests found, as vitest's JSON reporter writes it. */
export interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  testResults: FileResult[];
}

export interface FileResult {
  /** Its path. */
  name: string;
  status: string;
  /** Unix ms. */
  startTime: number;
  endTime: number;
  assertionResults: { status: string; fullName: string }[];
}

const SLOWEST = 10;

/** Who asks for some of the tests sees what failed, and runs it again by hand. */
export function isPart(args: readonly string[]): boolean {
  return args.some((arg) => !arg.startsWith("-") || /^(--project|--testNamePattern|-t)\b/.test(arg));
}

/** The file that may run again; none when more than one failed, which is no accident. */
export function worthARerun({ testResults }: Report): FileResult[] {
  const failed = testResults.filter(({ status }) => status === "failed");
  return failed.length === 1 ? failed : [];
}

/** Slowest first. `ms`: from its first test to the end of its last. */
export function slowestFiles({ testResults }: Report): { name: string; ms: number }[] {
  return testResults
    .map(({ name, startTime, endTime }) => ({ name, ms: endTime - startTime }))
    .sort((a, b) => b.ms - a.ms)
    .slice(0, SLOWEST);
}

export function totals({ numPassedTests, numFailedTests, numPendingTests }: Report): string {
  const skipped = numPendingTests === 0 ? "" : `, ${numPendingTests} skipped`;
  return `${numPassedTests} passed, ${numFailedTests} failed${skipped}`;
}
