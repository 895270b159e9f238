import assert from 'node:assert/strict';

import { systemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { RequestCode, ResponseCode } from '../../src/protocol/codes.ts';
import type { RemotingCommand } from '../../src/protocol/command.ts';
import { PullSysFlag } from '../../src/protocol/requests/pull.ts';
import type { Connection } from '../../src/remoting/connection.ts';
import { dial } from '../../src/remoting/dial.ts';
import { TIMEOUT_MS, ask, connect, consumerBeat, pullRequest, sendRequest } from '../broker/testBroker.ts';
import { uniqueName } from '../support/backends.ts';
import type { TestCluster } from '../support/backends.ts';
import { waitFor } from '../support/waitFor.ts';

export function groupBehaviours(cluster: TestCluster): void {
  let connection: Connection;
  let topic = '';
  let group = '';

  before(async () => {
    connection = await connect(cluster.brokerAddress);
    topic = await cluster.newTopic({ readQueueNums: 1, writeQueueNums: 1 });
    await connection.request(sendRequest(topic, 'a'), TIMEOUT_MS);
    await cluster.untilReadable(topic, 1);
  });
  beforeEach(() => (group = uniqueName('Group')));
  after(() => connection.dispose());

  const update = async (groupConfig: object): Promise<unknown[]> => {
    const answer = await ask(connection, RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP, {}, groupConfig);
    return answer.remark === undefined ? [answer.code] : [answer.code, answer.remark];
  };

  const config = async (of = group): Promise<Record<string, unknown>> => {
    const answer = await ask(connection, RequestCode.GET_SUBSCRIPTIONGROUP_CONFIG, { group: of });
    return JSON.parse(answer.body.toString()) as Record<string, unknown>;
  };

  const beat = (clientId: string, on = connection, more: { messageModel?: string } = {}): Promise<RemotingCommand> =>
    ask(on, RequestCode.HEART_BEAT, {}, consumerBeat(clientId, group, { [topic]: '*' }, more));

  const pull = async (sysFlag: number): Promise<unknown[]> => {
    const request = pullRequest({ topic, group, sysFlag, header: { subVersion: '1' } });
    const { code, remark, extFields } = await connection.request(request, TIMEOUT_MS);
    return [code, remark, extFields['forbiddenType']];
  };
  const FOUND = [ResponseCode.SUCCESS, 'FOUND', undefined];

  it('begin to exist when they are asked for, with the settings of every group', async () => {
    assert.deepEqual(await config(), {
      attributes: {},
      brokerId: 0,
      consumeBroadcastEnable: true,
      consumeEnable: true,
      consumeFromMinEnable: true,
      consumeMessageOrderly: false,
      consumeTimeoutMinute: 15,
      groupName: group,
      groupRetryPolicy: { type: 'CUSTOMIZED' },
      groupSysFlag: 0,
      notifyConsumerIdsChangedEnable: true,
      retryMaxTimes: 16,
      retryQueueNums: 1,
      whichBrokerWhenConsumeSlowly: 1,
    });
    const bad = await ask(connection, RequestCode.GET_SUBSCRIPTIONGROUP_CONFIG, { group: 'b d' });
    assert.deepEqual([bad.code, bad.remark], [26, 'No group in this broker']);
  });

  it('are set one by one or in a list, and refused by name', async () => {
    assert.deepEqual(await update({ groupName: group, retryMaxTimes: 3, retryQueueNums: 2 }), [0]);
    const { retryMaxTimes, retryQueueNums } = await config();
    assert.deepEqual([retryMaxTimes, retryQueueNums], [3, 2]);
    const list = { groupConfigList: [{ groupName: `${group}-a` }, { groupName: `${group}-b`, consumeEnable: false }] };
    const listed = await ask(connection, RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP_LIST, {}, list);
    assert.equal(listed.code, 0);
    assert.equal((await config(`${group}-b`))['consumeEnable'], false);
    const long = 'g'.repeat(121);
    for (const [groupName, remark] of [
      ['', 'The specified group is blank.'],
      ['b d', 'The specified group: b d, contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$'],
      [long, `The specified group: ${long}, is longer than group max length: 120`],
    ] as const) {
      assert.deepEqual(await update({ groupName }), [29, remark]);
    }
  });

  it('have a retry topic of as many queues as they are set to, from the first heartbeat on', async () => {
    await update({ groupName: group, retryQueueNums: 2 });
    await beat('c');
    const { items } = await cluster.client.queues(`%RETRY%${group}`);
    assert.equal(items.length, 2);
  });

  it('may be kept from consuming', async () => {
    await update({ groupName: group, consumeEnable: false });
    assert.deepEqual(await pull(PullSysFlag.SUBSCRIPTION), [16, `subscription group no permission, ${group}`, '2']);
    await update({ groupName: group });
    assert.deepEqual(await pull(PullSysFlag.SUBSCRIPTION), FOUND);
  });

  it('may be kept from broadcasting', async () => {
    await update({ groupName: group, consumeBroadcastEnable: false });
    await beat('c', connection, { messageModel: 'BROADCASTING' });
    const refused = [16, `the consumer group[${group}] can not consume by broadcast way`, '4'];
    assert.deepEqual(await pull(0), refused);
    await update({ groupName: group });
    assert.deepEqual(await pull(0), FOUND);
  });

  it('may be forbidden a topic', async () => {
    const forbidden = async (more: Record<string, string> = {}): Promise<unknown> => {
      const answer = await ask(connection, RequestCode.UPDATE_AND_GET_GROUP_FORBIDDEN, { group, topic, ...more });
      return JSON.parse(answer.body.toString());
    };
    await beat('c');
    assert.deepEqual(await forbidden(), { group, topic, readable: true });
    assert.deepEqual(await forbidden({ readable: 'false' }), { group, topic, readable: false });
    assert.deepEqual(await pull(0), [16, `the consumer group[${group}] is forbidden for topic[${topic}]`, '5']);
    assert.deepEqual(await pull(PullSysFlag.SUBSCRIPTION), FOUND);
    assert.deepEqual(await forbidden({ readable: 'true' }), { group, topic, readable: true });
    assert.deepEqual(await pull(0), FOUND);
  });

  it('tell their members who comes, unless they broadcast', async () => {
    const told: string[] = [];
    const first = await dial(cluster.brokerAddress, {
      clock: systemClock,
      logger: silentLogger,
      timeoutMs: TIMEOUT_MS,
      handle: ({ command }) => {
        if (command.code === RequestCode.NOTIFY_CONSUMER_IDS_CHANGED)
          told.push(command.extFields['consumerGroup'] ?? '');
        return undefined;
      },
    });
    const second = await connect(cluster.brokerAddress);
    try {
      const clustering = group;
      await beat('one', first);
      await waitFor('the first to be told of itself', () => told.length > 0);
      group = `${clustering}-broadcast`;
      await beat('one', first, { messageModel: 'BROADCASTING' });
      await beat('two', second, { messageModel: 'BROADCASTING' });
      group = clustering;
      const before = told.length;
      await beat('two', second);
      await waitFor('the first to be told of the second', () => told.length > before, { timeoutMs: 30_000 });
      assert.deepEqual(new Set(told), new Set([clustering]));
      const list = await ask(first, RequestCode.GET_CONSUMER_LIST_BY_GROUP, { consumerGroup: clustering });
      const { consumerIdList } = JSON.parse(list.body.toString()) as { consumerIdList: string[] };
      assert.deepEqual(consumerIdList.sort(), ['one', 'two']);
    } finally {
      first.dispose();
      second.dispose();
    }
  }).timeout(60_000);

  it('read what their pulls bring, for tools that ask', async () => {
    const request = pullRequest({ topic, group, header: { subscription: 'TagB || TagC' } });
    await connection.request(request, TIMEOUT_MS);
    const answer = await ask(connection, RequestCode.QUERY_SUBSCRIPTION_BY_CONSUMER, { group, topic });
    const { subscriptionData } = JSON.parse(answer.body.toString()) as {
      subscriptionData: { subString: string; tagsSet: string[] };
    };
    assert.equal(subscriptionData.subString, 'TagB || TagC');
    assert.deepEqual(subscriptionData.tagsSet.sort(), ['TagB', 'TagC']);
  });

  it('have members by heartbeats in their second form, which need not say what stays', async () => {
    const v2 = async (heartbeatFingerprint: number, withoutSub: boolean): Promise<string | undefined> => {
      const topics: Record<string, string> = withoutSub ? {} : { [topic]: 'TagA' };
      const body = { ...consumerBeat('v2', group, topics), heartbeatFingerprint, withoutSub };
      const answer = await ask(connection, RequestCode.HEART_BEAT, {}, body);
      assert.equal(answer.extFields['IS_SUPPORT_HEART_BEAT_V2'], 'true');
      return answer.extFields['IS_SUB_CHANGE'];
    };
    assert.equal(await v2(7, false), 'false');
    assert.equal(await v2(7, true), 'false');
    assert.equal(await v2(8, true), 'true');
    const answer = await ask(connection, RequestCode.QUERY_SUBSCRIPTION_BY_CONSUMER, { group, topic });
    const { subscriptionData } = JSON.parse(answer.body.toString()) as { subscriptionData: { subString: string } };
    assert.equal(subscriptionData.subString, 'TagA');
  });
}
