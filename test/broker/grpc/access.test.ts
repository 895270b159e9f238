import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { ClientType, Code } from '../../../src/protocol/grpc/definition_pb.ts';
import type { BrokerConfig } from '../../../src/broker/config.ts';
import { GrpcTestBroker } from './grpcTestBroker.ts';
import { consumerSettings, producerSettings } from './testSettings.ts';

const DATE = '20260101T000000Z';

function signed(credential: string, secret: string, { dateTime = DATE, upper = false } = {}): Record<string, string> {
  const hex = createHmac('sha1', secret).update(dateTime).digest('hex');
  const signature = upper ? hex.toUpperCase() : hex;
  return {
    'x-mq-date-time': dateTime,
    authorization: `MQv2-HMAC-SHA1 Credential=${credential}, SignedHeaders=x-mq-date-time, Signature=${signature}`,
  };
}

describe('gRPC access', () => {
  let test: GrpcTestBroker | undefined;
  afterEach(async () => {
    await test?.stop();
    test = undefined;
  });

  const start = async (broker: Partial<BrokerConfig>): Promise<void> => {
    test = await GrpcTestBroker.start({ broker });
    const { users, acls } = test.broker.context.security;
    assert.equal(
      users.create({ username: 'alice', password: 'secret', userType: 'Normal', userStatus: 'enable' }),
      undefined,
    );
    const entry = (resource: string, ...actions: string[]) => ({
      resource,
      actions,
      sourceIps: [],
      decision: 'Allow',
    });
    const entries = [entry('Topic:T', 'Pub', 'Sub'), entry('Group:G', 'Sub')];
    acls.merge('User:alice', { subject: 'User:alice', policies: [{ policyType: 'Custom', entries }] });
  };
  const route = async (metadata: Record<string, string>, topic = 'T') => {
    assert.ok(test !== undefined);
    return (await test.client({ metadata }).call('queryRoute', { topic: { name: topic } })).status;
  };

  it('takes every way in which clients sign (check 9)', async () => {
    await start({ authenticationEnabled: true });
    for (const metadata of [
      signed('alice', 'secret'),
      signed('alice//Rocketmq', 'secret'),
      signed('alice/cn-hangzhou/RocketMQ', 'secret', { upper: true }),
      signed('alice', 'secret', { dateTime: '2026-01-01T00:00:00+08:00' }),
    ]) {
      assert.equal((await route(metadata))?.code, Code.OK, metadata['authorization']);
    }
  });

  const refused: readonly (readonly [string, Record<string, string>, string])[] = [
    ['nobody', {}, 'username cannot be null.'],
    ['an empty user, as Python sends it', signed('', ''), 'username cannot be null.'],
    ['an unknown user', signed('bob', 'secret'), 'User:bob is not found.'],
    ['a wrong secret', signed('alice', 'other'), 'check signature failed.'],
    [
      'another date than was signed',
      { ...signed('alice', 'secret'), 'x-mq-date-time': 'x' },
      'check signature failed.',
    ],
    ['no date', { authorization: signed('alice', 'secret')['authorization'] ?? '' }, 'datetime is null.'],
    ['a header of one word', { authorization: 'x', 'x-mq-date-time': DATE }, 'authentication header is incorrect.'],
  ];
  for (const [who, metadata, message] of refused) {
    it(`refuses ${who}`, async () => {
      await start({ authenticationEnabled: true });
      const answer = await route(metadata);
      assert.deepEqual([answer?.code, answer?.message], [Code.UNAUTHORIZED, message]);
    });
  }

  it('refuses settings of whoever is not known, and ends their stream', async () => {
    await start({ authenticationEnabled: true });
    assert.ok(test !== undefined);
    const stream = test.client().telemetry();
    stream.write(producerSettings('T'));
    assert.equal((await stream.next()).status?.code, Code.UNAUTHORIZED);
    await stream.ended;
    assert.equal(test.broker.context.producers.members('T'), undefined);
  });

  it('hears nobody before it knows who that is', async () => {
    await start({ authenticationEnabled: true });
    assert.ok(test !== undefined);
    const { broker } = test;
    const owner = test.client({ clientId: 'mine', metadata: signed('alice', 'secret') });
    const stream = owner.telemetry();
    stream.write(consumerSettings('G', 'T'));
    await stream.next();
    const stranger = test.client({ clientId: 'mine' });
    const refused = async (): Promise<void> => {
      const answer = await stranger.call('heartbeat', { clientType: ClientType.PUSH_CONSUMER, group: { name: 'G' } });
      assert.equal(answer.status?.code, Code.UNAUTHORIZED);
    };
    const listening = stranger.telemetry();
    await listening.headers();
    await refused();
    stream.cancel();
    await stream.ended;
    owner.close();
    // Its connection may take its time to end; the stranger calls all along.
    for (let seconds = 0; broker.context.consumers.get('G') !== undefined; seconds += 1) {
      assert.ok(seconds < 90, 'still a member');
      broker.clock.advance(1000);
      await refused();
    }
  });

  it('checks what each call touches', async () => {
    await start({ authenticationEnabled: true, authorizationEnabled: true });
    assert.ok(test !== undefined);
    const metadata = signed('alice', 'secret');
    const client = test.client({ metadata });
    const [topic, other] = [{ name: 'T' }, { name: 'U' }];
    const [group, otherGroup] = [{ name: 'G' }, { name: 'H' }];
    const systemProperties = { messageId: 'id' };
    const body = Buffer.from('x');
    const codes = async (...calls: Promise<{ status?: { code: Code } | undefined }>[]): Promise<(Code | undefined)[]> =>
      (await Promise.all(calls)).map(({ status }) => status?.code);
    assert.deepEqual(
      await codes(
        client.call('queryRoute', { topic }),
        client.call('sendMessage', { messages: [{ topic, body, systemProperties }] }),
        client.call('heartbeat', { group, clientType: ClientType.SIMPLE_CONSUMER }),
        client.call('heartbeat', { clientType: ClientType.PRODUCER }),
      ),
      [Code.OK, Code.OK, Code.OK, Code.OK],
    );
    assert.deepEqual(
      await codes(
        client.call('queryRoute', { topic: other }),
        client.call('sendMessage', { messages: [{ topic: other, body, systemProperties }] }),
        client.call('endTransaction', { topic: other, transactionId: 'x' }),
        client.call('recallMessage', { topic: other, recallHandle: 'x' }),
        client.call('heartbeat', { group: otherGroup, clientType: ClientType.SIMPLE_CONSUMER }),
        client.call('ackMessage', { group: otherGroup, topic }),
        client.call('queryAssignment', { group, topic: other }),
        client.call('changeInvisibleDuration', { group: otherGroup, topic }),
        client.call('notifyClientTermination', { group: otherGroup }),
      ),
      Array<Code>(9).fill(Code.UNAUTHORIZED),
    );
    const items = await client.read('receiveMessage', { group: otherGroup, messageQueue: { topic } });
    assert.equal(items[0]?.content.case === 'status' && items[0].content.value.code, Code.UNAUTHORIZED);
    const stream = client.telemetry();
    stream.write(consumerSettings('G', 'U'));
    assert.equal((await stream.next()).status?.code, Code.UNAUTHORIZED);
  });

  it('lets whitelisted requests through', async () => {
    await start({ authenticationEnabled: true, authenticationWhitelist: 'apache.rocketmq.v2.QueryRouteRequest' });
    assert.equal((await route({}))?.code, Code.OK);
  });

  it('is closed to all while ACL 1.0 is on, whose rules it cannot ask', async () => {
    await start({ aclEnable: true });
    assert.equal((await route(signed('alice', 'secret')))?.code, Code.UNAUTHORIZED);
  });
});
