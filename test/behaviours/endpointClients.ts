import assert from 'node:assert/strict';

import { systemClock } from '../../src/base/clock.ts';
import { Deferred } from '../../src/base/deferred.ts';
import { isCodedError } from '../../src/base/errors.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { EndpointClient } from '../../src/client/grpc/endpointClient.ts';
import type { Delivery, EndpointMessageType } from '../../src/client/grpc/endpointModel.ts';
import type { ReceivedMessage } from '../../src/client/receivedMessage.ts';
import type { Credentials } from '../../src/protocol/acl.ts';
import { RequestCode } from '../../src/protocol/codes.ts';
import type { Connection } from '../../src/remoting/connection.ts';
import { dial } from '../../src/remoting/dial.ts';
import { uniqueName } from '../support/backends.ts';
import type { TestCluster } from '../support/backends.ts';
import { waitFor } from '../support/waitFor.ts';
import { ROOT } from './auth.ts';

const GRACE: Credentials = { accessKey: 'grace', secretKey: 'grace-secret' };
const TYPES = ['NORMAL', 'FIFO', 'DELAY', 'PRIORITY', 'TRANSACTION'] as const;
const QUEUES = 2;
const TIMEOUT_MS = 20_000;

/** What the extension asks of an endpoint, of one that lets nobody in whom it does not know. */
export function endpointClientBehaviours(cluster: TestCluster): void {
  const clients: EndpointClient[] = [];
  let root: Connection;
  let prefix = '';

  const as = (credentials: Credentials | undefined, tls: 'off' | 'any-certificate' = 'off'): EndpointClient => {
    const client = new EndpointClient({
      ...{ address: cluster.grpc, tls, timeoutMs: TIMEOUT_MS },
      credentials: () => Promise.resolve(credentials),
    });
    clients.push(client);
    return client;
  };
  const topicOf = (type: EndpointMessageType): string => `${prefix}-${type}`;
  const rootAsks = async (code: number, extFields: Record<string, string>, body?: object): Promise<void> => {
    const content = body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)) };
    const answer = await root.request({ code, extFields, ...content }, TIMEOUT_MS);
    assert.equal(answer.code, 0, answer.remark);
  };

  before(async () => {
    prefix = uniqueName('Endpoint');
    root = await dial(cluster.brokerAddress, { clock: systemClock, logger: silentLogger, credentials: ROOT });
    for (const type of TYPES) {
      await rootAsks(RequestCode.UPDATE_AND_CREATE_TOPIC, {
        ...{ topic: topicOf(type), defaultTopic: 'TBW102', topicFilterType: 'SINGLE_TAG', perm: '6', order: 'false' },
        ...{ readQueueNums: String(QUEUES), writeQueueNums: String(QUEUES), attributes: `+message.type=${type}` },
      });
    }
    await rootAsks(RequestCode.AUTH_CREATE_USER, { username: GRACE.accessKey }, { password: GRACE.secretKey });
    const entries = [
      { resource: `Topic:${prefix}-*`, actions: ['Pub', 'Sub'], decision: 'Allow' },
      { resource: `Group:${prefix}-*`, actions: ['Sub'], decision: 'Allow' },
    ];
    const policies = [{ policyType: 'Custom', entries }];
    await rootAsks(RequestCode.AUTH_CREATE_ACL, { subject: `User:${GRACE.accessKey}` }, { policies });
  });

  after(() => {
    root.dispose();
    for (const client of clients) client.dispose();
  });

  it('learns what a topic takes, and what the endpoint decides', async () => {
    const client = as(GRACE, 'any-certificate');
    for (const type of TYPES) {
      const queues = await client.route(topicOf(type));
      assert.equal(queues.length, QUEUES);
      for (const { permission, accepts } of queues) assert.deepEqual([permission, accepts], ['readWrite', [type]]);
    }
    assert.equal((await client.probe()).problem, undefined);
    const settings = await client.settings();
    assert.deepEqual([settings.maxBodyBytes, settings.checksMessageType], [4 * 1024 * 1024, true]);
  });

  it('sends messages of every type, and receives and acknowledges them as a group', async function () {
    this.timeout(4 * TIMEOUT_MS);
    const client = as(GRACE);
    const deliveries: readonly (readonly [string, Delivery])[] = [
      ['plain', { type: 'NORMAL' }],
      ['ordered', { type: 'FIFO', group: 'g' }],
      ['later', { type: 'DELAY', deliverAtMs: Date.now() + 1500 }],
      ['urgent', { type: 'PRIORITY', priority: 1 }],
      ['committed', { type: 'TRANSACTION', end: 'commit' }],
      ['rolled back', { type: 'TRANSACTION', end: 'rollback' }],
    ];
    const ids = new Map<string, string>();
    for (const [body, delivery] of deliveries) {
      const receipt = await client.send({
        topic: topicOf(delivery.type),
        ...{ tag: 'tag', keys: ['k1', 'k2'], properties: new Map([['colour', 'blue']]), body: Buffer.from(body) },
        delivery,
      });
      ids.set(body, receipt.messageId);
      assert.equal(receipt.recallHandle !== undefined, delivery.type === 'DELAY', body);
      assert.equal(receipt.transactionId !== undefined, delivery.type === 'TRANSACTION', body);
    }
    const problems: unknown[] = [];
    const received = new Map<string, ReceivedMessage>();
    const tails = TYPES.map((type) => {
      const tail = client.tail(topicOf(type), `${prefix}-group-${type}`);
      tail.onProblem((problem) => problems.push(problem));
      tail.onMessages((messages) => {
        for (const message of messages) received.set(message.body.toString(), message);
      });
      return tail;
    });
    await Promise.all(tails.map(({ ready }) => ready));
    await waitFor('all messages', () => received.size >= deliveries.length - 1, { timeoutMs: 2 * TIMEOUT_MS });
    assert.deepEqual([...received.keys()].sort(), ['committed', 'later', 'ordered', 'plain', 'urgent']);
    for (const [body, { messageId, properties }] of received) {
      assert.equal(messageId, ids.get(body));
      const names = ['TAGS', 'KEYS', 'colour'] as const;
      assert.deepEqual(
        names.map((name) => properties.get(name)),
        ['tag', 'k1 k2', 'blue'],
        body,
      );
    }
    assert.equal(received.get('ordered')?.properties.get('__SHARDINGKEY'), 'g');
    for (const type of TYPES) {
      await waitFor(`the group of ${type} to have acknowledged its message`, async () => {
        const { items } = await cluster.client.queues(topicOf(type));
        const committed = await Promise.all(items.map(({ queueId }) => offsetOf(type, queueId)));
        return committed.reduce((sum, offset) => sum + offset, 0) === 1;
      });
    }
    assert.deepEqual(problems, []);
    for (const tail of tails) tail.dispose();
  });

  /** What the group of a type has behind it. */
  const offsetOf = async (type: EndpointMessageType, queueId: number): Promise<number> => {
    const extFields = {
      consumerGroup: `${prefix}-group-${type}`,
      topic: topicOf(type),
      queueId: String(queueId),
      setZeroIfNotFound: 'false',
    };
    const { code, extFields: answered } = await root.request(
      { code: RequestCode.QUERY_CONSUMER_OFFSET, extFields },
      TIMEOUT_MS,
    );
    return code === 0 ? Number(answered['offset']) : 0;
  };

  const refusal = (asked: Promise<unknown>): Promise<object> =>
    asked.then(
      () => assert.fail('it was answered'),
      (error: unknown) => {
        assert.ok(isCodedError(error), String(error));
        const { rpc, refusal: code, reason } = error.details;
        return { rpc, refusal: code, reason };
      },
    );
  /** What keeps a tail from reading. */
  const problemOf = async (client: EndpointClient, topic: string, group: string): Promise<object> => {
    const tail = client.tail(topic, group);
    const problem = new Deferred<unknown>();
    tail.onProblem((told) => problem.resolve(told));
    try {
      return await refusal(problem.promise.then((told) => Promise.reject(told as Error)));
    } finally {
      tail.dispose();
    }
  };
  const send = (client: EndpointClient, topic: string, delivery: Delivery = { type: 'NORMAL' }): Promise<unknown> =>
    client.send({ topic, body: Buffer.from('x'), delivery });

  it('is told that a topic does not take a type', async () => {
    assert.deepEqual(await refusal(send(as(GRACE), topicOf('NORMAL'), { type: 'FIFO', group: 'g' })), {
      rpc: 'SendMessage',
      refusal: 'MESSAGE_PROPERTY_CONFLICT_WITH_TYPE',
      reason: 'TopicMessageType validate failed, the expected type is NORMAL, but actual type is FIFO',
    });
  });

  for (const [who, credentials, reason] of [
    ['nobody', undefined, 'username cannot be null.'],
    ['an unknown user', { accessKey: 'stranger', secretKey: 'x' }, 'User:stranger is not found.'],
    ['a wrong secret', { ...GRACE, secretKey: 'guess' }, 'check signature failed.'],
  ] as const) {
    it(`refuses ${who} everything, and says why`, async () => {
      const client = as(credentials);
      const topic = topicOf('NORMAL');
      const refused = { refusal: 'UNAUTHORIZED', reason };
      assert.deepEqual(await refusal(client.route(topic)), { rpc: 'QueryRoute', ...refused });
      assert.deepEqual(await refusal(send(client, topic)), { rpc: 'SendMessage', ...refused });
      const { problem } = await client.probe();
      assert.deepEqual(problem?.details, { address: cluster.grpc, rpc: 'Telemetry', ...refused });
      assert.deepEqual(await problemOf(client, topic, `${prefix}-group`), { rpc: 'QueryRoute', ...refused });
    });
  }

  it('refuses what a user may not do, and tells a tail so', async () => {
    const client = as(GRACE);
    const denied = (resource: string): object => ({
      refusal: 'UNAUTHORIZED',
      reason: `User:grace has no permission to access ${resource} from 127.0.0.1, no matched policies.`,
    });
    assert.deepEqual(await refusal(send(client, 'Other')), { rpc: 'SendMessage', ...denied('Topic:Other') });
    assert.deepEqual(await problemOf(client, topicOf('NORMAL'), 'Others'), {
      rpc: 'Telemetry',
      ...denied('Group:Others'),
    });
  });
}
