import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';

import { mqadmin, runJava } from '../support/apache/java.ts';
import { startApacheRocketmq } from '../support/apacheRocketmq.ts';
import type { ApacheRocketmq } from '../support/apacheRocketmq.ts';
import { requireTools } from '../support/skip.ts';

describe('Apache RocketMQ from its released jars', () => {
  let apache: ApacheRocketmq | undefined;

  before(async function () {
    requireTools(this, 'java', 'mvn');
    apache = await startApacheRocketmq({ brokerConfig: { defaultTopicQueueNums: 2 } });
  });

  after(() => apache?.stop());

  it('has its broker in the cluster', async () => {
    const { output } = await mqadmin(apache!.nameServer, ['clusterList']);
    assert.match(output, new RegExp(`^DefaultCluster +broker-a +0 +${apache!.brokerAddress} +V5`, 'm'));
  });

  it('takes the 1000 messages of the quickstart, in as many queues as it was told', async () => {
    const { nameServer, storeDir } = apache!;
    const { code, output } = await runJava('org.apache.rocketmq.example.quickstart.Producer', [], { nameServer });
    assert.equal(code, 0);
    assert.equal(output.match(/sendStatus=SEND_OK/g)?.length, 1_000);
    assert.deepEqual(new Set(output.match(/queueId=\d+/g)), new Set(['queueId=0', 'queueId=1']));
    assert.ok(existsSync(`${storeDir}/commitlog`));
  });

  it('ends a program that takes too long', async () => {
    const consumer = 'org.apache.rocketmq.example.quickstart.Consumer';
    const running = runJava(consumer, [], { nameServer: apache!.nameServer, timeoutMs: 500 });
    await assert.rejects(running, /did not end within 0\.5 s/);
  });
});
