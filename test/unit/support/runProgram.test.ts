import assert from 'node:assert/strict';

import { isAlive } from '../../support/cacheLock.ts';
import { runProgram } from '../../support/runProgram.ts';
import { startProcess } from '../../support/runningProcess.ts';
import { waitFor } from '../../support/waitFor.ts';

const node = process.execPath;
/** A shell that starts a child which stays, prints the child's process id, and stays as well. */
const PARENT = ['-c', 'sleep 600 & echo child $!; wait'];

// An orphan that was killed shows as a process until the system has buried it, which may take seconds.
const BURIAL_MS = 60_000;

describe('runProgram', function () {
  this.timeout(2 * BURIAL_MS);

  it('gives the exit code and what was printed', async () => {
    const script = 'console.log("out"); console.error("err"); process.exitCode = 3';
    const { code, output } = await runProgram(node, ['-e', script], { timeoutMs: 20_000 });
    assert.equal(code, 3);
    assert.deepEqual(output.trim().split('\n').sort(), ['err', 'out']);
  });

  it('ends a program that takes too long, and what that started', async () => {
    let printed = '';
    const onOutput = (text: string): void => void (printed += text);
    await assert.rejects(runProgram('sh', PARENT, { timeoutMs: 3_000, onOutput }), /did not end within 3 s\nchild/);
    const child = Number(/child (\d+)/.exec(printed)?.[1]);
    await waitFor('the child to be gone', () => !isAlive(child), { timeoutMs: BURIAL_MS });
  });

  it('says why a program could not be started', async () => {
    const { code, output } = await runProgram('no-such-program', [], { timeoutMs: 20_000 });
    assert.equal(code, null);
    assert.match(output, /ENOENT/);
  });
});

describe('startProcess', function () {
  this.timeout(2 * BURIAL_MS);

  it('tells of a process that ends before it printed what was waited for', async () => {
    const started = startProcess(node, ['-e', 'console.log("bad luck")']);
    await assert.rejects(started.untilOutput(/ready/, 20_000), /ended early\nbad luck/);
    assert.equal(await started.exited, 0);
    await started.stop();
  });

  it('ends a whole family, and cleans up once', async () => {
    let cleaned = 0;
    const parent = startProcess('sh', PARENT, { cleanUp: () => cleaned++ });
    const child = Number((await parent.untilOutput(/child (\d+)/, 20_000))[1]);
    await parent.stop();
    await parent.stop();
    await waitFor('the child to be gone', () => !isAlive(child), { timeoutMs: BURIAL_MS });
    assert.equal(cleaned, 1);
  });
});
