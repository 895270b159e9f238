import assert from 'node:assert/strict';

import type { GroupClient } from '../../../../src/client/model.ts';
import { isSystemNode, loadChildren } from '../../../../src/host/explorer/loadChildren.ts';
import type { ExplorerClient } from '../../../../src/host/explorer/loadChildren.ts';
import {
  clusterNode,
  connectionNode,
  folderNode,
  groupNode,
  isParentNode,
  nodeName,
  topicNode,
} from '../../../../src/host/explorer/nodes.ts';
import type { ExplorerNode, ParentNode } from '../../../../src/host/explorer/nodes.ts';

const connection = connectionNode({ id: 'user:dev', name: 'dev', nameServers: 'h:9876', scope: 'user' });
const cluster = clusterNode(connection, 'c1');

const client: ExplorerClient = {
  brokers: () =>
    Promise.resolve([
      { clusterName: 'c2', brokerName: 'broker-x', brokerId: 0, address: 'x:1' },
      { clusterName: 'c1', brokerName: 'broker-b', brokerId: 0, address: 'b:1' },
      { clusterName: 'c1', brokerName: 'broker-a', brokerId: 1, address: 'a:2' },
      { clusterName: 'c1', brokerName: 'broker-a', brokerId: 0, address: 'a:1' },
    ]),
  topics: () =>
    Promise.resolve([
      { topic: 'TBW102', kind: 'system' },
      { topic: '%RETRY%g', kind: 'retry' },
      { topic: 'order-10', kind: 'normal' },
      { topic: '%DLQ%g', kind: 'deadLetter' },
      { topic: 'order-2', kind: 'normal' },
    ]),
  groups: () => Promise.resolve({ items: [], unanswered: [] }),
  groupClients: (group) => Promise.resolve({ items: group === 'g' ? [online('b'), online('a')] : [], unanswered: [] }),
  queues: (topic) =>
    Promise.resolve({
      items: [2, 10, 0].map((queueId) => ({
        topic,
        brokerName: 'broker-a',
        queueId,
        minOffset: 0,
        maxOffset: queueId,
        lastUpdateMs: undefined,
      })),
      unanswered: [],
    }),
};

function load(parent: ParentNode, from = client): Promise<readonly ExplorerNode[]> {
  return loadChildren(parent, { cluster: () => from, endpoint: () => assert.fail('no endpoint') });
}

function online(clientId: string): GroupClient {
  return {
    ...{ clientId, address: '10.0.0.1:5000', language: 'PYTHON', release: 'V5_3_3' },
    ...{ consumeType: 'CONSUME_ACTIVELY', messageModel: 'CLUSTERING' },
  };
}

function names(nodes: readonly ExplorerNode[]): (string | undefined)[] {
  return nodes.map(nodeName);
}

describe('loadChildren', () => {
  it('finds the clusters of a connection', async () => {
    assert.deepEqual(names(await load(connection)), ['c1', 'c2']);
  });

  it('gives a cluster its three folders', async () => {
    const folders = await load(cluster);
    assert.deepEqual(
      folders.map((node) => node.kind === 'folder' && node.folder),
      ['brokers', 'topics', 'groups'],
    );
  });

  it('lists the brokers of the cluster alone, masters before their slaves', async () => {
    const brokers = await load(folderNode(cluster, 'brokers'));
    assert.deepEqual(
      brokers.map((node) => node.kind === 'broker' && node.broker.address),
      ['a:1', 'a:2', 'b:1'],
    );
  });

  it('sorts topics by kind, then as people count', async () => {
    const topics = await load(folderNode(cluster, 'topics'));
    assert.deepEqual(names(topics), ['order-2', 'order-10', '%RETRY%g', '%DLQ%g', 'TBW102']);
    assert.deepEqual(topics.map(isSystemNode), [false, false, false, false, true]);
  });

  it('sorts queues by number', async () => {
    const topic = topicNode(folderNode(cluster, 'topics'), { topic: 'order-2', kind: 'normal' });
    assert.deepEqual(names(await load(topic)), ['broker-a:0', 'broker-a:2', 'broker-a:10']);
  });

  it('shows the brokers that did not answer below what came', async () => {
    const error = new Error('no');
    const unanswered = ['b:1', 'c:1'].map((address) => ({ address, error }));
    const partly: ExplorerClient = {
      ...client,
      groups: () => Promise.resolve({ items: [{ group: 'g', system: false }], unanswered }),
      queues: () => Promise.resolve({ items: [], unanswered }),
    };
    const groups = await load(folderNode(cluster, 'groups'), partly);
    assert.deepEqual(
      groups.map((node) => (node.kind === 'error' ? node.error : nodeName(node))),
      ['g', error, error],
    );
    assert.equal(new Set(groups.map(({ id }) => id)).size, 3);
    const topic = topicNode(folderNode(cluster, 'topics'), { topic: 'T', kind: 'normal' });
    assert.deepEqual(
      (await load(topic, partly)).map(({ kind }) => kind),
      ['error', 'error'],
    );
  });

  it('asks for topics, groups and queues of its own cluster alone', async () => {
    const asked: string[] = [];
    const noting: ExplorerClient = {
      ...client,
      topics: (clusterName) => {
        asked.push(`topics ${clusterName}`);
        return client.topics(clusterName);
      },
      groups: (clusterName) => {
        asked.push(`groups ${clusterName}`);
        return client.groups(clusterName);
      },
      queues: (topic, clusterName) => {
        asked.push(`queues of ${topic} ${clusterName}`);
        return client.queues(topic, clusterName);
      },
    };
    const topics = folderNode(cluster, 'topics');
    for (const parent of [topics, folderNode(cluster, 'groups'), topicNode(topics, { topic: 'T', kind: 'normal' })]) {
      await load(parent, noting);
    }
    assert.deepEqual(asked, ['topics c1', 'groups c1', 'queues of T c1']);
  });

  it('says so when there is nothing', async () => {
    const groups = await load(folderNode(cluster, 'groups'));
    assert.deepEqual(
      groups.map(({ kind }) => kind),
      ['empty'],
    );
  });

  it("gives every node an id of its own that begins with its parent's", async () => {
    const topics = folderNode(cluster, 'topics');
    const children = await load(topics);
    assert.equal(new Set(children.map(({ id }) => id)).size, children.length);
    assert.ok(children.every(({ id }) => id.startsWith(`${topics.id}/`)));
  });

  it('shows who of a group is online', async () => {
    const groups = folderNode(cluster, 'groups');
    const below = (group: string) => load(groupNode(groups, { group, system: false }));
    assert.deepEqual(names(await below('g')), ['b', 'a']);
    assert.deepEqual(
      (await below('h')).map(({ kind }) => kind),
      ['empty'],
    );
  });

  describe('of a gRPC endpoint', () => {
    const endpoint = connectionNode({
      ...{ id: 'user:proxy', name: 'proxy', scope: 'user' },
      endpoint: { grpcEndpoint: 'h:8081', tls: 'off', topics: ['orders', 'orders', 'paid'] },
    });
    const queue = { topic: 'orders', permission: 'read', endpoints: ['h:8081'], accepts: [] } as const;
    const clients = {
      cluster: () => assert.fail('no cluster'),
      endpoint: () => ({
        route: (topic: string) =>
          Promise.resolve(
            topic === 'orders' ? ['b', 'a'].map((brokerName) => ({ ...queue, brokerName, queueId: 1 })) : [],
          ),
      }),
    };

    it('shows the topics that were named, and what is unknown', async () => {
      const children = await loadChildren(endpoint, clients);
      assert.deepEqual(
        children.map((node) => [node.kind, node.kind === 'unknown' ? node.thing : nodeName(node)]),
        [
          ['endpointTopic', 'orders'],
          ['endpointTopic', 'paid'],
          ['unknown', 'topics'],
          ['unknown', 'groups'],
        ],
      );
      assert.equal(new Set(children.map(({ id }) => id)).size, 4);
    });

    it('asks for the queues of a topic', async () => {
      const [orders, paid] = (await loadChildren(endpoint, clients)).filter(isParentNode);
      assert.ok(orders !== undefined && paid !== undefined);
      assert.deepEqual(names(await loadChildren(orders, clients)), ['a:1', 'b:1']);
      assert.deepEqual(
        (await loadChildren(paid, clients)).map(({ kind }) => kind),
        ['empty'],
      );
    });
  });
});
