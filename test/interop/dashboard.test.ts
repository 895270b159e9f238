import assert from 'node:assert/strict';

import { runScenario } from '../support/apache/javaScenario.ts';
import { startApacheRocketmq } from '../support/apacheRocketmq.ts';
import { startLocalBroker } from '../support/localBroker.ts';
import { requireTools } from '../support/skip.ts';

const RUN_TIMEOUT_MS = 300_000;
const CALLS = 49;

/** What the pages of the RocketMQ Dashboard ask, through its own admin client: the same comes of it on both brokers. */
describe('the calls of the Dashboard', function () {
  this.timeout(RUN_TIMEOUT_MS);
  const stops: (() => Promise<void>)[] = [];

  before(function () {
    requireTools(this, 'java', 'javac', 'mvn');
  });
  after(async () => {
    await Promise.all(stops.map((stop) => stop()));
  });

  const results = async (nameServer: string, broker: string): Promise<Record<string, string>> => {
    const lines = await runScenario('Dashboard', [broker], { release: '5', nameServer, timeoutMs: RUN_TIMEOUT_MS });
    assert.equal(lines.at(-1)?.event, 'done');
    return Object.fromEntries(
      lines.filter(({ event }) => event === 'call').map((line) => [String(line['name']), String(line['result'])]),
    );
  };

  it('give the same on both brokers', async () => {
    const local = await startLocalBroker();
    stops.push(() => local.stop());
    const ours = await results(local.namesrv, local.broker);
    const apache = await startApacheRocketmq();
    stops.push(() => apache.stop());
    const theirs = await results(apache.nameServer, apache.brokerAddress);
    assert.equal(Object.keys(theirs).length, CALLS);
    assert.deepEqual(ours, theirs);
  });
});
