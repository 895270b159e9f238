import assert from 'node:assert/strict';

import { isCodedError } from '../../../src/base/errors.ts';
import type { ClusterContext } from '../../../src/client/clusterContext.ts';
import { encodeTopicList } from '../../../src/protocol/bodies/route.ts';
import { RequestCode } from '../../../src/protocol/codes.ts';
import { freePort } from '../../support/freePort.ts';
import { brokerData, contextOf, nameServerAnswers, queueData, startScripted } from '../../support/scriptedCluster.ts';
import type { ScriptedServer } from '../../support/scriptedCluster.ts';

const ROUTE = RequestCode.GET_ROUTEINFO_BY_TOPIC;

describe('NameServers', () => {
  let first: ScriptedServer;
  let second: ScriptedServer;
  let context: ClusterContext;
  let dead: string;

  beforeEach(async () => {
    const answers = nameServerAnswers([brokerData('broker-a', '127.0.0.1:10911')], [queueData('broker-a', 4)]);
    first = await startScripted(answers);
    second = await startScripted(answers);
    dead = `127.0.0.1:${await freePort()}`;
  });

  afterEach(async () => {
    context.pool.dispose();
    await Promise.all([first.close(), second.close()]);
  });

  it('reads a route and asks for strict JSON', async () => {
    context = contextOf(first.address);
    const route = await context.nameServers.route('T');
    assert.deepEqual(route.queues, [queueData('broker-a', 4)]);
    assert.deepEqual(route.brokers, [brokerData('broker-a', '127.0.0.1:10911')]);
    assert.deepEqual(first.requests[0]?.extFields, { topic: 'T', acceptStandardJsonOnly: 'true' });
  });

  it('passes over one that is dead, and asks first the one that answered', async () => {
    context = contextOf(`${dead};${first.address};${second.address}`);
    await context.nameServers.route('T');
    await context.nameServers.clusterInfo();
    assert.deepEqual([first.requests.length, second.requests.length], [2, 0]);
    await first.close();
    await context.nameServers.clusterInfo();
    assert.equal(second.requests.length, 1);
  });

  it('passes over one that refuses', async () => {
    first.answers.set(RequestCode.GET_ALL_TOPIC_LIST_FROM_NAMESERVER, () => ({ code: 1, remark: 'disable' }));
    second.answers.set(RequestCode.GET_ALL_TOPIC_LIST_FROM_NAMESERVER, () => ({
      code: 0,
      body: encodeTopicList({ topics: ['T'], brokerAddr: undefined }),
    }));
    context = contextOf(`${first.address};${second.address}`);
    assert.deepEqual(await context.nameServers.topics(), ['T']);
  });

  it('takes a topic for unknown only when all who answer say so', async () => {
    context = contextOf(`${first.address};${dead};${second.address}`);
    first.answers.set(ROUTE, () => ({ code: 17 }));
    assert.equal((await context.nameServers.route('T')).queues.length, 1);
    second.answers.set(ROUTE, () => ({ code: 17 }));
    await assert.rejects(
      context.nameServers.route('T'),
      (error) => isCodedError(error, 'topic-not-found') && error.details['topic'] === 'T',
    );
  });

  it('says what was wrong with the first when none answers', async () => {
    const other = `127.0.0.1:${await freePort()}`;
    context = contextOf(`${dead};${other}`);
    await assert.rejects(
      context.nameServers.clusterInfo(),
      (error) => isCodedError(error, 'connect-refused') && error.details['address'] === dead,
    );
  });

  it('deletes a topic on all, and fails only when none takes it', async () => {
    for (const server of [first, second]) server.answers.set(RequestCode.DELETE_TOPIC_IN_NAMESRV, () => ({ code: 0 }));
    context = contextOf(`${first.address};${dead};${second.address}`);
    await context.nameServers.deleteTopic('T', 'DefaultCluster');
    for (const server of [first, second]) {
      assert.deepEqual(
        server.requests.map(({ code, extFields }) => [code, extFields]),
        [[RequestCode.DELETE_TOPIC_IN_NAMESRV, { clusterName: 'DefaultCluster', topic: 'T' }]],
      );
    }
    await Promise.all([first.close(), second.close()]);
    await assert.rejects(context.nameServers.deleteTopic('T', 'DefaultCluster'), (error) => isCodedError(error));
  });
});
