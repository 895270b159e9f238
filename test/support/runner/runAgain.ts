import { sourceOf } from './bundleHostTests.ts';
import type { Selection, Suite } from './suites.ts';
import type { Failure, Summary } from './summary.ts';
import { totals } from './summary.ts';

/** More failures than this are no bad luck: something is broken. */
const MOST_FAILURES = 5;
const MOST_RERUNS = 2;

/**
 * A suite that runs the files of its failed tests again, alone, and those of what fails then a second time. A test that
 * passes then is unsteady: the run passes and names it. Programs of others, browsers and two processors make such tests;
 * each of them is a fault to mend.
 */
export function runningAgain(suite: Suite): Suite {
  return async (selection: Selection): Promise<Summary> => {
    const first = await suite(selection);
    const unsteady: Failure[] = [];
    const reruns: string[] = [];
    let failing = first.failures;
    while (reruns.length < MOST_RERUNS && failing.length > 0 && failing.length <= MOST_FAILURES) {
      const files = failing.flatMap(({ file }) => file ?? []);
      if (files.length < failing.length) break;
      const chosen = [...new Set(files.map(sourceOf))];
      console.log(`\n${chosen.join(', ')}: once more`);
      const again = await suite({ ...selection, files: chosen });
      reruns.push(`${chosen.join(', ')}: ${totals(again)}`);
      const passed = failing.filter((failure) => hasPassed(failure, again));
      for (const failure of passed) {
        unsteady.push({ ...failure, message: `${failure.message} [passed in rerun ${reruns.length}]` });
      }
      failing = stillFailing(
        failing.filter((failure) => !passed.includes(failure)),
        again,
      );
    }
    if (reruns.length === 0) return first;
    // What failed only in a rerun was among those that passed.
    const regained = unsteady.filter(({ title }) => first.failures.some((failure) => failure.title === title));
    return { ...first, passed: first.passed + regained.length, failures: failing, unsteady, reruns };
  };
}

/** It was run, which a test that is skipped is not, nor one behind a hook that fails. */
function hasPassed({ title, file }: Failure, { failures, skips }: Summary): boolean {
  if (skips.some((skip) => skip.title === title)) return false;
  return !failures.some((failure) => failure.title === title || (failure.file === file && isHook(failure)));
}

/** What the rerun says of each, and what failed in it for the first time. */
function stillFailing(before: readonly Failure[], { failures, skips }: Summary): Failure[] {
  const titles = new Set(failures.map(({ title }) => title));
  const others = before.filter(({ title }) => !titles.has(title));
  return [
    ...failures,
    ...others.map((failure) => {
      const skipped = skips.find(({ title }) => title === failure.title);
      const why = skipped === undefined ? 'not run again' : `skipped in the rerun: ${skipped.reason}`;
      const note = ` [${why}]`;
      return failure.message.endsWith(note) ? failure : { ...failure, message: `${failure.message}${note}` };
    }),
  ];
}

function isHook({ title }: Failure): boolean {
  return /"(before|after) (all|each)" hook/.test(title);
}
