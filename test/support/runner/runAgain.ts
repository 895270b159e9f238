import { sourceOf } from './bundleHostTests.ts';
import type { Selection, Suite } from './suites.ts';
import type { Summary } from './summary.ts';

/** More failures than this are no bad luck: something is broken. */
const MOST_FAILURES = 5;

/**
 * A suite that runs the files of its failed tests once more, alone. A test that passes then is unsteady: the run passes
 * and names it. Programs of others, browsers and two processors make such tests; each of them is a fault to mend.
 */
export function runningAgain(suite: Suite): Suite {
  return async (selection: Selection): Promise<Summary> => {
    const first = await suite(selection);
    const files = first.failures.map(({ file }) => file);
    if (files.length === 0 || files.length > MOST_FAILURES || !files.every((file) => file !== undefined)) return first;
    const chosen = [...new Set(files.map(sourceOf))];
    console.log(`\n${chosen.join(', ')}: once more`);
    const again = await suite({ ...selection, files: chosen });
    const stillFailing = new Set(again.failures.map(({ title }) => title));
    const unsteady = first.failures.filter(({ title }) => !stillFailing.has(title));
    return { ...first, passed: first.passed + unsteady.length, failures: again.failures, unsteady };
  };
}
