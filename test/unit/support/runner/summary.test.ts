import assert from 'node:assert/strict';

import { addUp, failedOnce, orNothingRan, passedOnce, skippedOnce, totals } from '../../../support/runner/summary.ts';

describe('summary of a test run', () => {
  it('adds up suites and prints the line that ends a run', () => {
    const sum = addUp([passedOnce(), passedOnce(), failedOnce('a', 'why'), skippedOnce('b', 'because')]);
    assert.equal(totals(sum), '2 passed, 1 failed, 1 skipped');
  });

  it('takes a suite in which nothing ran for a failure', () => {
    const nothing = orNothingRan('broker', { passed: 0, failures: [], skips: [] });
    assert.equal(totals(nothing), '0 passed, 1 failed, 0 skipped');
    assert.equal(totals(orNothingRan('broker', skippedOnce('b', 'no java'))), '0 passed, 0 failed, 1 skipped');
  });
});
