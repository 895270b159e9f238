import { renameSync, writeFileSync } from 'node:fs';

import Mocha from 'mocha';

import { skipReason } from '../skip.ts';
import { SUMMARY_FILE } from './summary.ts';
import type { Failure, Skip, Summary } from './summary.ts';

/** Mocha's spec on the screen, and exact counts in the file named by TEST_SUMMARY_FILE. */
export default class SummaryReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options?: Mocha.MochaOptions) {
    super(runner, options);
    const file = process.env[SUMMARY_FILE];
    if (file === undefined) return;
    let passed = 0;
    const failures: Failure[] = [];
    const skips: Skip[] = [];
    runner.on('pass', () => {
      passed++;
    });
    runner.on('fail', (test, error: Error) => {
      const [message = ''] = error.message.split('\n', 1);
      failures.push({ title: test.fullTitle(), message });
    });
    runner.on('pending', (test) =>
      skips.push({ title: test.fullTitle(), reason: skipReason(test) ?? 'no reason given' }),
    );
    runner.on('end', () => {
      // Whoever waits for the file finds it whole.
      writeFileSync(`${file}.part`, JSON.stringify({ passed, failures, skips } satisfies Summary));
      renameSync(`${file}.part`, file);
    });
  }
}
