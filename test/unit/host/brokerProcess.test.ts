import assert from 'node:assert/strict';
import path from 'node:path';

import { isCodedError } from '../../../src/base/errors.ts';
import type { CodedError } from '../../../src/base/errors.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { startBrokerProcess } from '../../../src/host/brokerProcess.ts';
import type { BrokerProcessOptions } from '../../../src/host/brokerProcess.ts';
import type { ChildExit } from '../../../src/host/forkedChild.ts';
import { isAlive } from '../../../src/host/runningBroker.ts';
import { FakeClock } from '../../support/fakeClock.ts';

const modulePath = path.join(import.meta.dirname, 'fixtures', 'broker.cjs');

function options(scenario: string, more: Partial<BrokerProcessOptions> = {}): BrokerProcessOptions {
  return {
    modulePath,
    nameServerPort: 19_876,
    brokerPort: 20_911,
    grpcPort: 'off',
    storeDir: path.join('/store', scenario),
    logFile: '/log',
    isControlled: false,
    startTimeoutMs: 15_000,
    stopTimeoutMs: 3_000,
    clock: systemClock,
    ...more,
  };
}

async function refusal(promise: Promise<unknown>): Promise<CodedError> {
  try {
    await promise;
  } catch (error) {
    if (isCodedError(error)) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('the broker process', () => {
  it('starts on the ports it is given, and stops', async () => {
    const broker = await startBrokerProcess(options('fine'));
    assert.equal(broker.info.namesrv, '127.0.0.1:19876');
    assert.equal(broker.info.broker, '127.0.0.1:20911');
    assert.ok(isAlive(broker.info.pid));
    let crashes = 0;
    broker.onCrash(() => (crashes += 1));
    await broker.stop();
    assert.ok(!isAlive(broker.info.pid));
    assert.equal(crashes, 0);
  });

  it('is killed when it does not stop in time', async () => {
    const clock = new FakeClock();
    const broker = await startBrokerProcess(options('deaf', { clock }));
    const stopped = broker.stop();
    clock.advance(3_000);
    await stopped;
    assert.ok(!isAlive(broker.info.pid));
    assert.equal(clock.pendingCount, 0);
  });

  it('tells the code of what it failed of', async () => {
    const error = await refusal(startBrokerProcess(options('taken')));
    assert.equal(error.code, 'port-in-use');
    assert.deepEqual(error.details, { port: 9876 });
  });

  it('tells its last words when it dies before it is ready', async () => {
    const error = await refusal(startBrokerProcess(options('dies')));
    assert.equal(error.code, 'broker-ended');
    assert.deepEqual(error.details, { exitCode: 7, lastWords: 'no memory left' });
  });

  it('is given up and ended when it is not ready in time', async () => {
    const clock = new FakeClock();
    const started = refusal(startBrokerProcess(options('silent', { clock })));
    clock.advance(15_000);
    assert.equal((await started).code, 'broker-start-timeout');
  });

  it('can be cancelled while it starts', async () => {
    const abort = new AbortController();
    const started = refusal(startBrokerProcess(options('silent', { signal: abort.signal })));
    abort.abort();
    assert.equal((await started).code, 'cancelled');
  });

  it('tells of a crash', async () => {
    const broker = await startBrokerProcess(options('fine'));
    const crash = new Promise<ChildExit>((resolve) => broker.onCrash(resolve));
    process.kill(broker.info.pid, 'SIGKILL');
    assert.deepEqual(await crash, { exitCode: null, signal: 'SIGKILL', lastWords: '' });
  });

  it('refuses a module that is not there', async () => {
    const error = await refusal(startBrokerProcess(options('fine', { modulePath: '/absent/broker.cjs' })));
    assert.equal(error.code, 'broker-ended');
    assert.match(String(error.details['lastWords']), /Cannot find module/);
  });
});
