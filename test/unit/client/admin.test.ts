import assert from 'node:assert/strict';

import { isCodedError } from '../../../src/base/errors.ts';
import {
  createTopic,
  deleteTopic,
  listBrokers,
  listGroups,
  listQueues,
  listTopics,
  readBrokerDetail,
} from '../../../src/client/admin.ts';
import type { ClusterContext } from '../../../src/client/clusterContext.ts';
import type { TopicSpec } from '../../../src/client/model.ts';
import { encodeGroupTable, groupConfig } from '../../../src/protocol/bodies/group.ts';
import { encodeKvTable, encodeTopicList } from '../../../src/protocol/bodies/route.ts';
import { encodeTopicStats } from '../../../src/protocol/bodies/topic.ts';
import { RequestCode } from '../../../src/protocol/codes.ts';
import type { RequestHandler } from '../../../src/remoting/peer.ts';
import { brokerData, contextOf, nameServerAnswers, queueData, startScripted } from '../../support/scriptedCluster.ts';
import type { ScriptedServer } from '../../support/scriptedCluster.ts';

const spec: TopicSpec = { topic: 'Orders', readQueueNums: 4, writeQueueNums: 2, perm: 6, messageType: 'FIFO' };
const done: RequestHandler = () => ({ code: 0, remark: 'not set any response code' });

describe('administration of a cluster', () => {
  let a: ScriptedServer;
  let b: ScriptedServer;
  let slave: ScriptedServer;
  let names: ScriptedServer;
  let context: ClusterContext;

  beforeEach(async () => {
    [a, b, slave] = await Promise.all([startScripted(), startScripted(), startScripted()]);
    names = await startScripted(
      nameServerAnswers(
        [brokerData('broker-b', b.address), brokerData('broker-a', a.address, slave.address)],
        [queueData('broker-a', 4), queueData('broker-b', 4)],
      ),
    );
    context = contextOf(names.address);
  });

  afterEach(async () => {
    context.pool.dispose();
    await Promise.all([a, b, slave, names].map((server) => server.close()));
  });

  function all(code: number, ...handlers: readonly RequestHandler[]): void {
    for (const [index, server] of [a, b].entries()) server.answers.set(code, handlers[index] ?? handlers[0] ?? done);
  }

  it('lists brokers by cluster, name and id', async () => {
    assert.deepEqual(await listBrokers(context), [
      { clusterName: 'DefaultCluster', brokerName: 'broker-a', brokerId: 0, address: a.address },
      { clusterName: 'DefaultCluster', brokerName: 'broker-a', brokerId: 1, address: slave.address },
      { clusterName: 'DefaultCluster', brokerName: 'broker-b', brokerId: 0, address: b.address },
    ]);
  });

  it('reads what a broker says of itself', async () => {
    const table = new Map([
      ['brokerVersionDesc', 'V5_5_0'],
      ['runtime', '[ 0 days ]'],
    ]);
    a.answers.set(RequestCode.GET_BROKER_RUNTIME_INFO, () => ({ code: 0, body: encodeKvTable(table) }));
    assert.deepEqual(await readBrokerDetail(context, a.address), { version: 'V5_5_0', runtime: table });
  });

  it('tells the kinds of topics apart, with what the brokers and the cluster call their own', async () => {
    const topics = [
      ...['Orders', '%RETRY%g', '%DLQ%g', 'TBW102', 'rmq_sys_wheel_timer', 'broker-a', 'DefaultCluster'],
      ...['DefaultCluster_REPLY_TOPIC', 'OnlyTheBrokerKnows'],
    ];
    names.answers.set(RequestCode.GET_ALL_TOPIC_LIST_FROM_NAMESERVER, () => ({
      code: 0,
      body: encodeTopicList({ topics, brokerAddr: undefined }),
    }));
    const named: RequestHandler = () => ({
      code: 0,
      body: encodeTopicList({ topics: ['OnlyTheBrokerKnows'], brokerAddr: undefined }),
    });
    all(RequestCode.GET_SYSTEM_TOPIC_LIST_FROM_BROKER, () => ({ code: 1 }), named);
    assert.deepEqual(
      (await listTopics(context)).map(({ topic, kind }) => `${topic} ${kind}`),
      [
        ...['%DLQ%g deadLetter', '%RETRY%g retry', 'DefaultCluster system', 'DefaultCluster_REPLY_TOPIC system'],
        ...['OnlyTheBrokerKnows system', 'Orders normal', 'TBW102 system', 'broker-a system'],
        'rmq_sys_wheel_timer system',
      ],
    );
    assert.equal(slave.requests.length, 0);
  });

  describe('queues', () => {
    const stats = (brokerName: string, queueId: number, maxOffset: number, lastUpdateTimestamp: number) => ({
      topic: 'T',
      brokerName,
      queueId,
      minOffset: 1,
      maxOffset,
      lastUpdateTimestamp,
    });
    const answer =
      (...rows: ReturnType<typeof stats>[]): RequestHandler =>
      () => ({ code: 0, body: encodeTopicStats(rows, 0) });

    it('come from every master, in order, with an unknown time as unknown', async () => {
      all(
        RequestCode.GET_TOPIC_STATS_INFO,
        answer(stats('broker-a', 1, 5, 0), stats('broker-a', 0, 9, 1_700_000_000_000)),
        answer(stats('broker-b', 0, 3, 5)),
      );
      const row = { topic: 'T', minOffset: 1 };
      assert.deepEqual((await listQueues(context, 'T')).items, [
        { ...row, brokerName: 'broker-a', queueId: 0, maxOffset: 9, lastUpdateMs: 1_700_000_000_000 },
        { ...row, brokerName: 'broker-a', queueId: 1, maxOffset: 5, lastUpdateMs: undefined },
        { ...row, brokerName: 'broker-b', queueId: 0, maxOffset: 3, lastUpdateMs: 5 },
      ]);
      assert.equal(slave.requests.length, 0);
    });

    it('come from a slave while there is no master', async () => {
      const { [RequestCode.GET_ROUTEINFO_BY_TOPIC]: route } = nameServerAnswers(
        [brokerData('broker-a', undefined, slave.address)],
        [queueData('broker-a', 4)],
      );
      names.answers.set(RequestCode.GET_ROUTEINFO_BY_TOPIC, route!);
      slave.answers.set(RequestCode.GET_TOPIC_STATS_INFO, answer(stats('broker-a', 0, 5, 0)));
      assert.equal((await listQueues(context, 'T')).items.length, 1);
    });

    it('leave out a broker that lost the topic; all lost is not found', async () => {
      const lost: RequestHandler = () => ({ code: 17 });
      all(RequestCode.GET_TOPIC_STATS_INFO, lost, answer(stats('broker-b', 0, 3, 5)));
      assert.equal((await listQueues(context, 'T')).items.length, 1);
      all(RequestCode.GET_TOPIC_STATS_INFO, lost);
      await assert.rejects(listQueues(context, 'T'), (error) => isCodedError(error, 'topic-not-found'));
    });

    it('name the brokers that failed beside what came; all failed is the first failure', async () => {
      const failing: RequestHandler = () => ({ code: 1, remark: 'no' });
      all(RequestCode.GET_TOPIC_STATS_INFO, failing, answer(stats('broker-b', 0, 3, 5)));
      const { items, unanswered } = await listQueues(context, 'T');
      assert.equal(items.length, 1);
      assert.deepEqual(
        unanswered.map(({ address, error }) => [address, isCodedError(error, 'response-error')]),
        [[a.address, true]],
      );
      all(RequestCode.GET_TOPIC_STATS_INFO, failing, () => ({ code: 17 }));
      await assert.rejects(listQueues(context, 'T'), (error) => isCodedError(error, 'response-error'));
    });
  });

  it('lists the groups of the brokers that answer, and names the others', async () => {
    await b.close();
    all(RequestCode.GET_ALL_SUBSCRIPTIONGROUP_CONFIG, () => ({
      code: 0,
      body: encodeGroupTable({
        dataVersion: undefined,
        groups: new Map([['g', groupConfig({ groupName: 'g' })]]),
        forbidden: new Map(),
      }),
    }));
    const { items, unanswered } = await listGroups(context);
    assert.deepEqual(items, [{ group: 'g', system: false }]);
    assert.deepEqual(
      unanswered.map(({ address, error }) => [address, isCodedError(error, 'connect-refused')]),
      [[b.address, true]],
    );
    a.answers.set(RequestCode.GET_ALL_SUBSCRIPTIONGROUP_CONFIG, () => ({ code: 1 }));
    await assert.rejects(listGroups(context), (error) => isCodedError(error));
  });

  it('lists the groups of all brokers once, system groups marked', async () => {
    const groups =
      (...list: readonly string[]): RequestHandler =>
      () => ({
        code: 0,
        body: encodeGroupTable({
          dataVersion: undefined,
          groups: new Map(list.map((groupName) => [groupName, groupConfig({ groupName })])),
          forbidden: new Map(),
        }),
      });
    all(
      RequestCode.GET_ALL_SUBSCRIPTIONGROUP_CONFIG,
      groups('g2', 'TOOLS_CONSUMER', 'g1'),
      groups('g1', 'CID_RMQ_SYS_X'),
    );
    assert.deepEqual((await listGroups(context)).items, [
      { group: 'CID_RMQ_SYS_X', system: true },
      { group: 'TOOLS_CONSUMER', system: true },
      { group: 'g1', system: false },
      { group: 'g2', system: false },
    ]);
  });

  describe('creating a topic', () => {
    it('tells every master of the cluster', async () => {
      all(RequestCode.UPDATE_AND_CREATE_TOPIC, done);
      await createTopic(context, 'DefaultCluster', spec);
      for (const server of [a, b]) {
        assert.deepEqual(
          server.requests.map(({ extFields }) => extFields),
          [
            {
              topic: 'Orders',
              defaultTopic: 'TBW102',
              readQueueNums: '4',
              writeQueueNums: '2',
              perm: '6',
              topicFilterType: 'SINGLE_TAG',
              topicSysFlag: '0',
              order: 'false',
              attributes: '+message.type=FIFO',
            },
          ],
        );
      }
      assert.equal(slave.requests.length, 0);
    });

    it('says nothing of an unspecified type', async () => {
      all(RequestCode.UPDATE_AND_CREATE_TOPIC, done);
      await createTopic(context, 'DefaultCluster', { ...spec, messageType: 'UNSPECIFIED' });
      assert.equal('attributes' in a.requests[0]!.extFields, false);
    });

    for (const [topic, reason] of [
      ['', 'blank'],
      ['bad topic!', 'illegal-characters'],
      ['x'.repeat(128), 'too-long'],
      ['TBW102', 'reserved'],
    ] as const) {
      it(`refuses "${topic.slice(0, 12)}" without asking: ${reason}`, async () => {
        await assert.rejects(createTopic(context, 'DefaultCluster', { ...spec, topic }), (error) => {
          assert.ok(isCodedError(error, 'topic-name-invalid'));
          assert.deepEqual(error.details, { topic, reason });
          return true;
        });
        assert.equal(names.requests.length + a.requests.length, 0);
      });
    }

    it('fails when the cluster has no master, or one of them refuses', async () => {
      await assert.rejects(
        createTopic(context, 'Other', spec),
        (error) => isCodedError(error, 'no-broker') && error.details['nameServers'] === names.address,
      );
      all(RequestCode.UPDATE_AND_CREATE_TOPIC, done, () => ({ code: 16, remark: 'no' }));
      await assert.rejects(createTopic(context, 'DefaultCluster', spec), (error) => {
        assert.ok(isCodedError(error, 'partly-done'));
        assert.deepEqual(error.details, { done: a.address, failed: b.address });
        assert.ok(isCodedError(error.cause, 'response-error') && error.cause.details['address'] === b.address);
        return true;
      });
      all(RequestCode.UPDATE_AND_CREATE_TOPIC, () => ({ code: 16, remark: 'no' }));
      await assert.rejects(createTopic(context, 'DefaultCluster', spec), (error) =>
        isCodedError(error, 'response-error'),
      );
    });
  });

  describe('deleting a topic', () => {
    it('takes it from the brokers, then from the NameServers', async () => {
      const order: string[] = [];
      const step =
        (name: string): RequestHandler =>
        ({ command }) => {
          order.push(`${name} ${command.extFields['topic']}`);
          return { code: 0 };
        };
      all(RequestCode.DELETE_TOPIC_IN_BROKER, step('broker'));
      names.answers.set(RequestCode.DELETE_TOPIC_IN_NAMESRV, step('names'));
      await deleteTopic(context, 'DefaultCluster', 'Orders');
      assert.deepEqual(order, ['broker Orders', 'broker Orders', 'names Orders']);
    });

    it('leaves the NameServers alone when a broker refuses', async () => {
      all(RequestCode.DELETE_TOPIC_IN_BROKER, done, () => ({ code: 29 }));
      await assert.rejects(
        deleteTopic(context, 'DefaultCluster', 'Orders'),
        (error) => isCodedError(error, 'partly-done') && error.details['failed'] === b.address,
      );
      assert.equal(names.requestsOf(RequestCode.DELETE_TOPIC_IN_NAMESRV).length, 0);
    });

    it('says when there is none', async () => {
      names.answers.set(RequestCode.GET_ROUTEINFO_BY_TOPIC, () => ({ code: 17 }));
      await assert.rejects(deleteTopic(context, 'DefaultCluster', 'Orders'), (error) =>
        isCodedError(error, 'topic-not-found'),
      );
    });
  });
});
