import { renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import Mocha from 'mocha';

import { repository } from '../repository.ts';
import { skipReason } from '../skip.ts';
import { SUMMARY_FILE } from './summary.ts';
import type { Failure, Skip, Summary } from './summary.ts';

const MOST_SHOWN = 300;

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
      const file = test.file === undefined ? undefined : path.relative(repository, test.file);
      failures.push({ title: test.fullTitle(), message: failureText(error), ...(file !== undefined && { file }) });
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

/** The first line, and the values that differ, of which mocha has made texts: the test's own message does not say them. */
function failureText(error: Error & { readonly actual?: unknown; readonly expected?: unknown }): string {
  const [message = ''] = error.message.split('\n', 1);
  if (!('actual' in error)) return message;
  const shown = (value: unknown): string => String(value).replaceAll(/\s+/g, ' ').slice(0, MOST_SHOWN);
  return `${message} (actual ${shown(error.actual)}, expected ${shown(error.expected)})`;
}
