/** What one suite did, written by the reporter and read by the runner. */
export interface Summary {
  readonly passed: number;
  readonly failures: readonly Failure[];
  readonly skips: readonly Skip[];
  /** What failed and then passed, see runAgain.ts. */
  readonly unsteady?: readonly Failure[];
  /** Which files were run again, and what came of it. */
  readonly reruns?: readonly string[];
}

export interface Failure {
  readonly title: string;
  readonly message: string;
  /** The test file below the repository, where it is a test that failed. */
  readonly file?: string;
}

export interface Skip {
  readonly title: string;
  readonly reason: string;
}

/** The environment variable with the path of the file that the reporter writes. */
export const SUMMARY_FILE = 'TEST_SUMMARY_FILE';

export function passedOnce(): Summary {
  return { passed: 1, failures: [], skips: [] };
}

export function failedOnce(title: string, message: string): Summary {
  return { passed: 0, failures: [{ title, message }], skips: [] };
}

export function skippedOnce(title: string, reason: string): Summary {
  return { passed: 0, failures: [], skips: [{ title, reason }] };
}

export function addUp(summaries: readonly Summary[]): Summary {
  return {
    passed: summaries.reduce((total, { passed }) => total + passed, 0),
    failures: summaries.flatMap(({ failures }) => failures),
    skips: summaries.flatMap(({ skips }) => skips),
    unsteady: summaries.flatMap(({ unsteady = [] }) => unsteady),
    reruns: summaries.flatMap(({ reruns = [] }) => reruns),
  };
}

/** A suite that ran nothing proves nothing: it failed. */
export function orNothingRan(name: string, summary: Summary): Summary {
  const ran = summary.passed + summary.failures.length + summary.skips.length;
  return ran > 0 ? summary : failedOnce(name, 'no test was executed');
}

/** The last line of a run. */
export function totals({ passed, failures, skips }: Summary): string {
  return `${passed} passed, ${failures.length} failed, ${skips.length} skipped`;
}
