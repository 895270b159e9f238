import assert from 'node:assert/strict';

import { runningAgain } from '../../../support/runner/runAgain.ts';
import type { Selection, Suite } from '../../../support/runner/suites.ts';
import type { Failure, Summary } from '../../../support/runner/summary.ts';

const ALL: Selection = { versions: [], files: [] };
const failure = (title: string, file?: string): Failure => ({
  title,
  message: 'why',
  ...(file !== undefined && { file }),
});
const summary = (passed: number, ...failures: Failure[]): Summary => ({ passed, failures, skips: [] });

/** A suite that answers with these, one run after the other; and the files that each run was for. */
function scripted(...answers: Summary[]): { suite: Suite; runs: (readonly string[])[] } {
  const runs: (readonly string[])[] = [];
  const suite: Suite = ({ files }) => {
    runs.push(files);
    const answer = answers.shift();
    return answer === undefined ? Promise.reject(new Error('one run too many')) : Promise.resolve(answer);
  };
  return { suite, runs };
}

describe('tests that are run again', () => {
  it('pass when they pass then, and are named', async () => {
    const luckless = failure('a', 'test/x/a.test.ts');
    const { suite, runs } = scripted(summary(8, luckless, failure('b', 'test/x/a.test.ts')), summary(5));
    const { passed, failures, unsteady } = await runningAgain(suite)(ALL);
    assert.deepEqual([passed, failures, unsteady?.map(({ title }) => title)], [10, [], ['a', 'b']]);
    assert.deepEqual(runs, [[], ['test/x/a.test.ts']]);
  });

  it('fail when they fail three times, as those do that fail only later', async () => {
    const a = failure('a', 'test/x/a.test.ts');
    const c = failure('c', 'test/x/b.test.ts');
    const { suite, runs } = scripted(
      summary(8, a, failure('b', 'test/x/b.test.ts')),
      summary(1, a, c),
      summary(1, a, c),
    );
    const { passed, failures, unsteady, reruns } = await runningAgain(suite)(ALL);
    assert.deepEqual(
      [passed, failures.map(({ title }) => title), unsteady?.map(({ title, message }) => `${title}: ${message}`)],
      [9, ['a', 'c'], ['b: why [passed in rerun 1]']],
    );
    const both = ['test/x/a.test.ts', 'test/x/b.test.ts'];
    assert.deepEqual(runs, [[], both, both]);
    assert.deepEqual(
      reruns,
      [1, 2].map(() => `${both.join(', ')}: 1 passed, 2 failed, 0 skipped`),
    );
  });

  it('have a second chance, of which only the files that failed again make use', async () => {
    const a = failure('a', 'test/x/a.test.ts');
    const { suite, runs } = scripted(summary(8, a, failure('b', 'test/x/b.test.ts')), summary(1, a), summary(2));
    const { passed, failures, unsteady } = await runningAgain(suite)(ALL);
    assert.deepEqual([passed, failures], [10, []]);
    assert.deepEqual(
      unsteady?.map(({ title, message }) => `${title}: ${message}`),
      ['b: why [passed in rerun 1]', 'a: why [passed in rerun 2]'],
    );
    assert.deepEqual(runs[2], ['test/x/a.test.ts']);
  });

  it('do not pass when they are skipped then', async () => {
    const skipping = { passed: 4, failures: [], skips: [{ title: 'a', reason: 'no Java' }] };
    const { suite } = scripted(summary(8, failure('a', 'test/x/a.test.ts')), skipping, skipping);
    const { passed, failures, unsteady } = await runningAgain(suite)(ALL);
    assert.deepEqual([passed, unsteady], [8, []]);
    assert.deepEqual(
      failures.map(({ title, message }) => `${title}: ${message}`),
      ['a: why [skipped in the rerun: no Java]'],
    );
  });

  it('do not pass behind a hook that fails, which hides them', async () => {
    const hook = failure('X "before all" hook for "a"', 'test/x/a.test.ts');
    const { suite } = scripted(summary(8, failure('X a', 'test/x/a.test.ts')), summary(0, hook), summary(0, hook));
    const { passed, failures, unsteady } = await runningAgain(suite)(ALL);
    assert.deepEqual([passed, unsteady], [8, []]);
    assert.deepEqual(
      failures.map(({ title }) => title),
      [hook.title, 'X a'],
    );
  });

  it('are those of files: a check, a suite that never ran and many failures at once are not', async () => {
    for (const failed of [
      [failure('lint')],
      [failure('a', 'test/x/a.test.ts'), failure('the suite')],
      Array.from({ length: 6 }, (_, index) => failure(`t${index}`, 'test/x/a.test.ts')),
    ]) {
      const { suite, runs } = scripted(summary(3, ...failed));
      assert.deepEqual(await runningAgain(suite)(ALL), summary(3, ...failed));
      assert.equal(runs.length, 1);
    }
  });

  it('are found by the source of a bundle for VS Code', async () => {
    const { suite, runs } = scripted(summary(0, failure('a', 'out/integration/inHost/a.test.cjs')), summary(1));
    await runningAgain(suite)(ALL);
    assert.deepEqual(runs[1], ['test/integration/inHost/a.test.ts']);
  });
});
