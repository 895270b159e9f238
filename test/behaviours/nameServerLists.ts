import assert from 'node:assert/strict';

import { isCodedError } from '../../src/base/errors.ts';
import { ClusterClient } from '../../src/client/clusterClient.ts';
import { TIMEOUT_MS } from '../broker/testBroker.ts';
import type { TestCluster } from '../support/backends.ts';
import { freePort } from '../support/freePort.ts';

export function nameServerListBehaviours(cluster: TestCluster): void {
  it('works when one of them is dead, and the probe names that one', async () => {
    const topic = await cluster.newTopic();
    const dead = `127.0.0.1:${await freePort()}`;
    const client = new ClusterClient({ nameServers: `${dead}; ${cluster.nameServer}`, timeoutMs: TIMEOUT_MS });
    assert.equal((await client.brokers()).length, 1);
    assert.equal((await client.queues(topic)).items.length, 4);
    assert.equal((await client.send({ topic, body: Buffer.from('x') })).status, 'SEND_OK');
    const { nameServers, brokers } = await client.probe();
    assert.deepEqual(
      nameServers.map(({ address, problem }) => [address, problem?.code]),
      [
        [dead, 'connect-refused'],
        [cluster.nameServer, undefined],
      ],
    );
    assert.deepEqual(
      brokers.map(({ address, problem }) => [address, problem?.message]),
      [[cluster.brokerAddress, undefined]],
    );
    assert.match(brokers[0]?.release ?? '', /^V5_\d+_\d+$/);
    await client.deleteTopic(cluster.clusterName, topic);
    client.dispose();
  });

  it('fails with the address when all are dead', async () => {
    const dead = `127.0.0.1:${await freePort()}`;
    const client = new ClusterClient({ nameServers: dead, timeoutMs: TIMEOUT_MS });
    await assert.rejects(
      client.topics(),
      (error) => isCodedError(error, 'connect-refused') && error.details['address'] === dead,
    );
    client.dispose();
  });

  it('a broker in place of a NameServer is told by its answer', async () => {
    const client = new ClusterClient({ nameServers: cluster.brokerAddress, timeoutMs: TIMEOUT_MS });
    await assert.rejects(
      client.brokers(),
      (error) => isCodedError(error, 'response-error') && error.details['responseCode'] === 3,
    );
    client.dispose();
  });
}
