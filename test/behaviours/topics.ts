import assert from 'node:assert/strict';

import { isCodedError } from '../../src/base/errors.ts';
import { stringifyFastjson } from '../../src/protocol/fastjson.ts';
import { RequestCode } from '../../src/protocol/codes.ts';
import type { RemotingCommand, RequestParts } from '../../src/protocol/command.ts';
import { parseOffsetMessageId } from '../../src/protocol/messageId.ts';
import { connect, TIMEOUT_MS } from '../broker/testBroker.ts';
import { uniqueName } from '../support/backends.ts';
import type { TestCluster } from '../support/backends.ts';
import { waitFor } from '../support/waitFor.ts';

/** One request past the client's own checks. */
async function askBroker({ brokerAddress }: TestCluster, ...requests: RequestParts[]): Promise<RemotingCommand[]> {
  const connection = await connect(brokerAddress);
  try {
    return await Promise.all(requests.map((parts) => connection.request(parts, TIMEOUT_MS)));
  } finally {
    connection.dispose();
  }
}

function createRequest(topic: string): RequestParts {
  return {
    code: RequestCode.UPDATE_AND_CREATE_TOPIC,
    extFields: {
      topic,
      defaultTopic: 'TBW102',
      readQueueNums: '1',
      writeQueueNums: '1',
      perm: '6',
      topicFilterType: 'SINGLE_TAG',
      topicSysFlag: '0',
      order: 'false',
    },
  };
}

export function topicBehaviours(cluster: TestCluster): void {
  it('a cluster names its broker, and the broker its release', async () => {
    const [broker] = await cluster.client.brokers();
    assert.equal(broker?.brokerId, 0);
    assert.equal(broker.brokerName, 'broker-a');
    const { version } = await cluster.client.brokerDetail(broker.address);
    assert.match(version ?? '', /^V5_\d+_\d+$/);
  });

  it('a created topic is listed and has its queues, all empty', async () => {
    const topic = await cluster.newTopic({ readQueueNums: 3, writeQueueNums: 3 });
    const listed = (await cluster.client.topics()).find((summary) => summary.topic === topic);
    assert.equal(listed?.kind, 'normal');
    assert.deepEqual(
      (await cluster.client.queues(topic)).items.map((queue) => ({ ...queue, brokerName: queue.brokerName })),
      [0, 1, 2].map((queueId) => ({
        topic,
        brokerName: 'broker-a',
        queueId,
        minOffset: 0,
        maxOffset: 0,
        lastUpdateMs: undefined,
      })),
    );
  });

  it('creating it again changes the number of its queues', async () => {
    const topic = await cluster.newTopic({ readQueueNums: 1, writeQueueNums: 1 });
    await cluster.client.createTopic(cluster.clusterName, {
      topic,
      readQueueNums: 2,
      writeQueueNums: 2,
      perm: 6,
      messageType: 'NORMAL',
    });
    assert.equal((await cluster.client.queues(topic)).items.length, 2);
  });

  it('stands in the list of its cluster, and of no other', async () => {
    const topic = await cluster.newTopic();
    const has = async (clusterName: string): Promise<boolean> =>
      (await cluster.client.topics(clusterName)).some((summary) => summary.topic === topic);
    assert.deepEqual([await has(cluster.clusterName), await has('AnotherCluster')], [true, false]);
    assert.equal((await cluster.client.queues(topic, cluster.clusterName)).items.length, 4);
    await assert.rejects(cluster.client.deleteTopic('AnotherCluster', topic), (error) =>
      isCodedError(error, 'topic-not-found'),
    );
  });

  it('a deleted topic is gone from list, route and broker', async () => {
    const topic = await cluster.newTopic();
    await cluster.client.deleteTopic(cluster.clusterName, topic);
    assert.ok(!(await cluster.client.topics()).some((summary) => summary.topic === topic));
    for (const attempt of [
      cluster.client.queues(topic),
      cluster.client.deleteTopic(cluster.clusterName, topic),
      cluster.client.send({ topic, body: Buffer.from('x') }),
    ]) {
      await assert.rejects(attempt, (error) => isCodedError(error, 'topic-not-found'));
    }
    const [answer] = await askBroker(cluster, { code: RequestCode.GET_TOPIC_STATS_INFO, extFields: { topic } });
    assert.equal(answer?.code, 17);
  });

  for (const [what, topic] of [
    ['illegal characters', 'bad topic!'],
    ['a name that is too long', 'x'.repeat(128)],
    ['a reserved name', 'TBW102'],
    ['a blank name', ' '],
  ] as const) {
    it(`the broker refuses ${what} with 29, as the client does before it asks`, async () => {
      const [answer] = await askBroker(cluster, createRequest(topic));
      assert.equal(answer?.code, 29);
      await assert.rejects(
        cluster.client.createTopic(cluster.clusterName, {
          topic,
          readQueueNums: 1,
          writeQueueNums: 1,
          perm: 6,
          messageType: 'NORMAL',
        }),
        (error) => isCodedError(error, 'topic-name-invalid'),
      );
    });
  }

  it('system topics and groups are told from others', async () => {
    const kinds = new Map((await cluster.client.topics()).map(({ topic, kind }) => [topic, kind]));
    for (const topic of ['TBW102', 'SCHEDULE_TOPIC_XXXX', 'RMQ_SYS_TRANS_HALF_TOPIC', 'SELF_TEST_TOPIC', 'broker-a']) {
      assert.equal(kinds.get(topic), 'system', topic);
    }
    assert.equal(kinds.get(cluster.clusterName), 'system');
    const { items: groups } = await cluster.client.groups();
    assert.equal(groups.find(({ group }) => group === 'TOOLS_CONSUMER')?.system, true);
  });

  it('a consumer brings its group and retry topic, a message given up its dead-letter topic', async () => {
    const group = uniqueName('Group');
    const topic = await cluster.newTopic();
    const receipt = await cluster.client.send({ topic, body: Buffer.from('x') });
    const heartbeat = {
      clientID: uniqueName('client'),
      consumerDataSet: [
        {
          consumeFromWhere: 'CONSUME_FROM_LAST_OFFSET',
          consumeType: 'CONSUME_PASSIVELY',
          groupName: group,
          messageModel: 'CLUSTERING',
          subscriptionDataSet: [
            { topic, subString: '*', subVersion: 1, expressionType: 'TAG', codeSet: [], tagsSet: [] },
          ],
          unitMode: false,
        },
      ],
      producerDataSet: [],
    };
    const { physicalOffset } = parseOffsetMessageId(receipt.offsetMessageId);
    const answers = await askBroker(cluster, {
      code: RequestCode.HEART_BEAT,
      body: Buffer.from(stringifyFastjson(heartbeat)),
    });
    const [sentBack] = await askBroker(cluster, {
      code: RequestCode.CONSUMER_SEND_MSG_BACK,
      extFields: { offset: String(physicalOffset), group, delayLevel: '-1', originTopic: topic },
    });
    assert.deepEqual([answers[0]?.code, sentBack?.code], [0, 0]);
    const kinds = await waitFor('the topics of the group', async () => {
      const found = (await cluster.client.topics()).filter((summary) => summary.topic.includes(group));
      return found.length === 2 && found;
    });
    assert.deepEqual(kinds, [
      { topic: `%DLQ%${group}`, kind: 'deadLetter' },
      { topic: `%RETRY%${group}`, kind: 'retry' },
    ]);
    assert.deepEqual(
      (await cluster.client.groups()).items.find((summary) => summary.group === group),
      { group, system: false },
    );
    const [queue] = (await cluster.client.queues(`%DLQ%${group}`)).items;
    assert.deepEqual([queue?.queueId, queue?.maxOffset], [0, 1]);
  });
}
