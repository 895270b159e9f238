import assert from 'node:assert/strict';
import { durationFromMs, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Code, FilterType, QueryOffsetPolicy } from '../../../src/protocol/grpc/definition_pb.ts';
import { RequestCode } from '../../../src/protocol/codes.ts';
import { waitFor } from '../../support/waitFor.ts';
import { TestBroker } from '../testBroker.ts';
import { GROUP, TOPIC } from './grpcConsumer.ts';
import { GrpcTestClient } from './grpcTestClient.ts';
import { consumerSettings } from './testSettings.ts';

const messageQueue = { topic: { name: TOPIC }, id: 1 };
const group = { name: GROUP };

describe('gRPC offsets, pulls and back-off', () => {
  let broker: TestBroker;
  let client: GrpcTestClient;

  beforeEach(async () => {
    broker = await TestBroker.start({ broker: { grpcServerPort: 0 } });
    await broker.createTopic(TOPIC, 2);
    client = new GrpcTestClient(broker.runtime.broker.grpcAddress ?? '');
  });

  afterEach(async () => {
    client.close();
    await broker.stop();
    assert.equal(broker.clock.pendingCount, 0);
  });

  const send = async (...sent: string[]): Promise<void> => {
    for (const body of sent) {
      await broker.send(TOPIC, body, { queueId: 1, properties: { UNIQ_KEY: body, TAGS: body } });
    }
  };
  const get = () => client.call('getOffset', { group, messageQueue });
  const update = (offset: bigint) => client.call('updateOffset', { group, messageQueue, offset });

  it('keeps what a group commits, for remoting clients too (check 11)', async () => {
    assert.equal((await get()).status?.code, Code.OFFSET_NOT_FOUND);
    assert.equal((await update(-1n)).status?.code, Code.ILLEGAL_OFFSET);
    assert.equal((await update(7n)).status?.code, Code.OK);
    const { status, offset } = await get();
    assert.deepEqual([status?.code, offset], [Code.OK, 7n]);
    const extFields = { consumerGroup: GROUP, topic: TOPIC, queueId: '1' };
    assert.equal((await broker.ask(RequestCode.QUERY_CONSUMER_OFFSET, extFields)).extFields['offset'], '7');
    const elsewhere = await client.call('getOffset', { group, messageQueue: { ...messageQueue, id: 2 } });
    assert.equal(elsewhere.status?.code, Code.BAD_REQUEST);
  });

  it('tells where a queue begins, ends and was at a time', async () => {
    await send('a', 'b');
    broker.clock.advance(10_000);
    const now = broker.clock.now();
    await send('c');
    const offsetOf = async (queryOffsetPolicy: QueryOffsetPolicy, timestamp?: number): Promise<unknown> => {
      const answer = await client.call('queryOffset', {
        messageQueue,
        queryOffsetPolicy,
        ...(timestamp === undefined ? {} : { timestamp: timestampFromMs(timestamp) }),
      });
      return answer.status?.code === Code.OK ? answer.offset : answer.status?.code;
    };
    assert.equal(await offsetOf(QueryOffsetPolicy.BEGINNING), 0n);
    assert.equal(await offsetOf(QueryOffsetPolicy.END), 3n);
    assert.equal(await offsetOf(QueryOffsetPolicy.TIMESTAMP, now), 2n);
    assert.equal(await offsetOf(QueryOffsetPolicy.TIMESTAMP), Code.BAD_REQUEST);
  });

  interface Pulled {
    readonly cases: unknown[];
    readonly code: Code | undefined;
    readonly bodies: string[];
    readonly next: bigint | undefined;
  }
  const pull = async (offset: bigint, tags = '*'): Promise<Pulled> => {
    const items = await client.read('pullMessage', {
      ...{ group, messageQueue, offset, batchSize: 2, longPollingTimeout: durationFromMs(5000) },
      filterExpression: { type: FilterType.TAG, expression: tags },
    });
    const cases = items.map(({ content }) => content.case);
    let code: Code | undefined;
    let next: bigint | undefined;
    const bodies: string[] = [];
    for (const { content } of items) {
      if (content.case === 'status') code = content.value.code;
      if (content.case === 'message') bodies.push(Buffer.from(content.value.body).toString());
      if (content.case === 'nextOffset') next = content.value;
    }
    return { cases, code, bodies, next };
  };

  it('gives messages from an offset on, and says where to go on (check 11)', async () => {
    await send('a', 'b', 'c');
    assert.deepEqual(await pull(0n), {
      cases: ['status', 'message', 'message', 'nextOffset'],
      code: Code.OK,
      bodies: ['a', 'b'],
      next: 2n,
    });
    assert.deepEqual((await pull(0n, 'c')).bodies, ['c']);
    const far = await pull(99n);
    assert.deepEqual([far.code, far.next], [Code.MESSAGE_NOT_FOUND, 3n]);
    const [refused] = await client.read('pullMessage', { group, messageQueue, offset: 0n, batchSize: 0 });
    assert.equal(refused?.content.case === 'status' && refused.content.value.code, Code.BAD_REQUEST);
  });

  it('lets a pull wait at the end of the queue', async () => {
    await send('a');
    const held = (): Promise<unknown> =>
      waitFor('the pull to wait', () => broker.context.heldPulls.size === 1, { pollMs: 2 });
    const found = pull(1n);
    await held();
    await send('b');
    assert.deepEqual((await found).bodies, ['b']);
    const none = pull(2n);
    await held();
    broker.clock.advance(5000);
    const { code, next } = await none;
    assert.deepEqual([code, next], [Code.MESSAGE_NOT_FOUND, 2n]);
  });

  it('tells a consumer the back-off of its group', async () => {
    const backoff = async (groupRetryPolicy: object): Promise<unknown> => {
      const config = { groupName: GROUP, retryMaxTimes: 4, groupRetryPolicy };
      assert.equal((await broker.ask(RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP, {}, config)).code, 0);
      const stream = client.telemetry();
      stream.write(consumerSettings(GROUP, TOPIC));
      const { command } = await stream.next();
      stream.halfClose();
      await stream.ended;
      assert.ok(command.case === 'settings');
      const { maxAttempts, strategy } = command.value.backoffPolicy ?? assert.fail();
      assert.equal(maxAttempts, 5);
      if (strategy.case === 'customizedBackoff') return strategy.value.next.map(({ seconds }) => Number(seconds));
      if (strategy.case !== 'exponentialBackoff') return undefined;
      const { initial, max, multiplier } = strategy.value;
      return { initial: Number(initial?.seconds), max: Number(max?.seconds), multiplier };
    };
    const levels = [1, 5, 10, 30, 60, 120, 180, 240, 300, 360, 420, 480, 540, 600, 1200, 1800, 3600, 7200];
    assert.deepEqual(await backoff({ type: 'CUSTOMIZED' }), levels);
    const customizedRetryPolicy = { next: [1000, 2000] };
    assert.deepEqual(await backoff({ type: 'CUSTOMIZED', customizedRetryPolicy }), [1, 2]);
    assert.deepEqual(await backoff({ type: 'EXPONENTIAL' }), { initial: 5, max: 7200, multiplier: 2 });
    const exponentialRetryPolicy = { initial: 3000, max: 9000, multiplier: 3 };
    assert.deepEqual(await backoff({ type: 'EXPONENTIAL', exponentialRetryPolicy }), {
      initial: 3,
      max: 9,
      multiplier: 3,
    });
    const config = await broker.ask(RequestCode.GET_SUBSCRIPTIONGROUP_CONFIG, { group: GROUP });
    assert.deepEqual((JSON.parse(config.body.toString()) as Record<string, unknown>)['groupRetryPolicy'], {
      exponentialRetryPolicy,
      type: 'EXPONENTIAL',
    });
  });
});
