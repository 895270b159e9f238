import assert from 'node:assert/strict';

import { runMochaSuite } from '../../../support/runner/mochaSuite.ts';

describe('runMochaSuite', function () {
  // Each starts mocha in a process of its own.
  this.timeout(90_000);

  const run = (file: string) =>
    runMochaSuite({
      name: `fixture ${file}`,
      files: [`test/fixtures/suites/${file}`],
      testTimeoutMs: 5_000,
      timeoutMs: 60_000,
      print: () => undefined,
    });

  it('counts what passed, failed and was skipped, each skip with its reason', async () => {
    assert.deepEqual(await run('mixed.ts'), {
      passed: 1,
      failures: [
        {
          title: 'mixed fails',
          message: 'one is not two (actual 1, expected 2)',
          file: 'test/fixtures/suites/mixed.ts',
        },
      ],
      skips: [
        { title: 'mixed is skipped', reason: 'no moon' },
        { title: 'mixed a whole suite is skipped as well', reason: 'no sun' },
      ],
    });
  });

  it('fails tests that leave a server listening', async () => {
    const { passed, failures } = await run('leaving.ts');
    assert.equal(passed, 1);
    assert.match(failures.map(({ message }) => message).join(), /left open: TCPServerWrap/);
  });

  it('fails a file that cannot be loaded', async () => {
    const { passed, failures } = await run('missing.ts');
    assert.equal(passed, 0);
    assert.match(failures[0]?.message ?? '', /mocha ended with code 1/);
  });
});
