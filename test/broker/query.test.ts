import assert from 'node:assert/strict';
import { RequestCode, ResponseCode } from '../../src/protocol/codes.ts';
import type { RemotingCommand } from '../../src/protocol/command.ts';
import { SCHEDULE_TOPIC } from '../../src/protocol/topicName.ts';
import { TestBroker, consumerBeat, records } from './testBroker.ts';

describe('broker: messages by key', () => {
  let broker: TestBroker;
  beforeEach(async () => {
    broker = await TestBroker.start({ broker: { maxHashSlotNum: 1000, maxIndexNum: 5000 } });
    await broker.createTopic('T', 2);
  });
  afterEach(() => broker.stop());

  const send = (body: string, properties: Record<string, string>, topic = 'T'): Promise<RemotingCommand> =>
    broker.send(topic, body, { properties });
  const query = (key: string, more: Record<string, string> = {}): Promise<RemotingCommand> =>
    broker.ask(RequestCode.QUERY_MESSAGE, {
      topic: 'T',
      key,
      maxNum: '32',
      beginTimestamp: '0',
      endTimestamp: '9223372036854775807',
      ...more,
    });
  const bodies = async (key: string, more: Record<string, string> = {}): Promise<string[]> => {
    const answer = await query(key, more);
    if (answer.code === ResponseCode.QUERY_NOT_FOUND) return [];
    assert.equal(answer.code, ResponseCode.SUCCESS);
    return records(answer.body).map((record) => record.body.toString());
  };

  it('finds by each of its keys, by the unique key and by tags, and nothing else', async () => {
    await send('a', { UNIQ_KEY: 'U1', KEYS: 'order-1 order-2', TAGS: 'TagA' });
    await send('b', { UNIQ_KEY: 'U2', KEYS: 'order-2  order-3', TAGS: 'TagA' });
    assert.deepEqual(await bodies('order-1'), ['a']);
    assert.deepEqual(await bodies('order-2'), ['a', 'b']);
    assert.deepEqual(await bodies('order-3'), ['b']);
    assert.deepEqual(await bodies('U2', { _UNIQUE_KEY_QUERY: 'true' }), ['b']);
    assert.deepEqual(await bodies('U2', { indexType: 'U' }), ['b']);
    assert.deepEqual(await bodies('TagA', { indexType: 'T' }), ['a', 'b']);
    assert.deepEqual(await bodies('TagA'), []);
    assert.deepEqual(await bodies('order-1 order-2'), []);
    assert.deepEqual(await bodies('order-1', { topic: 'Other' }), []);
  });

  it('tells how far the index is when it found something, and 0 when not', async () => {
    await send('a', { UNIQ_KEY: 'U1', KEYS: 'k' });
    const { extFields } = await query('k');
    assert.deepEqual(
      { ...extFields },
      { indexLastUpdatePhyoffset: '0', indexLastUpdateTimestamp: String(broker.clock.now()) },
    );
    const none = await query('nothing');
    assert.deepEqual(
      [none.code, none.remark, { ...none.extFields }],
      [
        ResponseCode.QUERY_NOT_FOUND,
        'can not find message, maybe time range not correct',
        { indexLastUpdatePhyoffset: '0', indexLastUpdateTimestamp: '0' },
      ],
    );
  });

  it('gives the newest, in the order of the log, and never more than maxMsgsNumBatch', async () => {
    for (let index = 0; index < 100; index += 1) await send(String(index), { UNIQ_KEY: `U${index}`, KEYS: 'k' });
    assert.deepEqual(await bodies('k', { maxNum: '3' }), ['97', '98', '99']);
    assert.equal((await bodies('k', { maxNum: '1000' })).length, 64);
    assert.equal((await bodies('k', { maxNum: '1', _UNIQUE_KEY_QUERY: 'true' })).length, 32);
    assert.deepEqual(await bodies('k', { maxNum: '0' }), []);
    assert.deepEqual(await bodies('k', { maxNum: '-1' }), []);
  });

  it('keeps to the range of store times, both ends included', async () => {
    const began = broker.clock.now();
    for (const body of ['a', 'b', 'c']) {
      await send(body, { UNIQ_KEY: body, KEYS: 'k' });
      broker.clock.advance(700);
    }
    const within = (from: number, to: number): Promise<string[]> =>
      bodies('k', { beginTimestamp: String(began + from), endTimestamp: String(began + to) });
    assert.deepEqual(await within(0, 0), ['a']);
    assert.deepEqual(await within(1, 700), ['b']);
    assert.deepEqual(await within(700, 1400), ['b', 'c']);
    assert.deepEqual(await within(1401, 9000), []);
    assert.deepEqual(await within(-9000, -1), []);
  });

  it('does not give a message of another key with the same hash', async () => {
    await send('wanted', { UNIQ_KEY: 'U1', KEYS: 'Aa' });
    for (let index = 0; index < 40; index += 1) await send('other', { UNIQ_KEY: `V${index}`, KEYS: 'BB' });
    assert.deepEqual(await bodies('Aa', { maxNum: '2' }), ['wanted']);
  });

  it('knows a delayed message under the topic where it waits, and then under its own', async () => {
    await send('later', { UNIQ_KEY: 'D1', DELAY: '1' });
    assert.deepEqual(await bodies('D1'), []);
    assert.deepEqual(await bodies('D1', { topic: SCHEDULE_TOPIC }), ['later']);
    await broker.clock.advanceAsync(1100);
    assert.deepEqual(await bodies('D1'), ['later']);
  });
});

describe('broker: entries of a queue', () => {
  let broker: TestBroker;
  beforeEach(async () => {
    broker = await TestBroker.start();
    await broker.createTopic('T', 2);
    for (const body of ['a', 'b', 'c']) await broker.send('T', body, { properties: { UNIQ_KEY: body, TAGS: 'TagA' } });
  });
  afterEach(() => broker.stop());

  const query = (more: Record<string, string> = {}): Promise<RemotingCommand> =>
    broker.ask(RequestCode.QUERY_CONSUME_QUEUE, { topic: 'T', queueId: '0', index: '1', count: '10', ...more });

  it('gives a window of them, with the ends of the queue', async () => {
    const body = JSON.parse((await query({ count: '1' })).body.toString()) as Record<string, unknown>;
    assert.deepEqual([body['minQueueIndex'], body['maxQueueIndex'], body['filterData']], [0, 3, undefined]);
    const [entry, ...rest] = body['queueData'] as { physicOffset: number; physicSize: number; tagsCode: number }[];
    assert.ok(entry);
    assert.deepEqual([rest, entry.tagsCode], [[], 2598919]);
    const view = await broker.ask(RequestCode.VIEW_MESSAGE_BY_ID, { offset: String(entry.physicOffset) });
    assert.equal(view.body.length, entry.physicSize);
    assert.equal(records(view.body)[0]?.body.toString(), 'b');
    const all = JSON.parse((await query({ index: '0' })).body.toString()) as { queueData: unknown[] };
    assert.equal(all.queueData.length, 3);
  });

  it('tells how a group subscribed', async () => {
    const ask = async (): Promise<Record<string, unknown>> =>
      JSON.parse((await query({ consumerGroup: 'G' })).body.toString()) as Record<string, unknown>;
    const before = await ask();
    assert.deepEqual([before['filterData'], before['subscriptionData']], ['G@T is not online!', undefined]);
    await broker.heartbeat(broker.client, consumerBeat('c', 'G', { T: 'TagA' }));
    const tags = await ask();
    assert.equal(tags['filterData'], 'null');
    assert.equal((tags['subscriptionData'] as { subString: string }).subString, 'TagA');
    await broker.heartbeat(
      broker.client,
      consumerBeat('c', 'G', { T: 'a > 1' }, { expressionType: 'SQL92', subVersion: 2 }),
    );
    assert.match(String((await ask())['filterData']), /"expression":\s*"a > 1"/);
  });

  it('says what is not there', async () => {
    const queue = await query({ queueId: '1' });
    assert.deepEqual([queue.code, queue.remark], [ResponseCode.SYSTEM_ERROR, '1@T is not exist!']);
    const index = await query({ index: '3' });
    assert.deepEqual([index.code, index.remark, index.body.length], [0, 'Index 3 of 0@T is not exist!', 0]);
  });
});

describe('broker: cleaning commands', () => {
  let broker: TestBroker;
  beforeEach(async () => {
    broker = await TestBroker.start({ broker: { mappedFileSizeCommitLog: 4096, fileReservedTime: 0 } });
    await broker.createTopic('Old', 1);
    await broker.createTopic('Young', 1);
  });
  afterEach(() => broker.stop());

  const ends = (topic: string): number[] => {
    const { store } = broker.context;
    return [store.minOffset(topic, 0), store.maxOffset(topic, 0)];
  };
  const run = async (code: number): Promise<void> => assert.equal((await broker.ask(code)).code, ResponseCode.SUCCESS);

  it('removes old files of the log, and then the queues that lost all', async () => {
    for (let index = 0; index < 4; index += 1) await broker.send('Old', 'x'.repeat(1200));
    for (let index = 0; index < 4; index += 1) await broker.send('Young', 'x'.repeat(1200));
    await run(RequestCode.CLEAN_EXPIRED_CONSUMEQUEUE);
    assert.deepEqual(
      [ends('Old'), ends('Young')],
      [
        [0, 4],
        [0, 4],
      ],
    );
    await run(RequestCode.DELETE_EXPIRED_COMMITLOG);
    await broker.context.retention.round();
    assert.deepEqual(
      [ends('Old'), ends('Young')],
      [
        [4, 4],
        [2, 4],
      ],
    );
    const answer = await broker.ask(RequestCode.SEARCH_OFFSET_BY_TIMESTAMP, {
      topic: 'Old',
      queueId: '0',
      timestamp: '0',
    });
    assert.equal(answer.extFields['offset'], '4', 'where the queue goes on');
    await run(RequestCode.CLEAN_EXPIRED_CONSUMEQUEUE);
    assert.deepEqual(
      [ends('Old'), ends('Young')],
      [
        [0, 0],
        [2, 4],
      ],
    );
    assert.equal(broker.context.store.hasQueue('Old', 0), false);
    assert.equal((await broker.send('Old', 'new')).extFields['queueOffset'], '0');
  });

  it('removes the queues of topics that are no more', async () => {
    await broker.send('Old', 'a');
    await broker.send('Young', 'b');
    broker.context.topics.delete('Old');
    await run(RequestCode.CLEAN_UNUSED_TOPIC);
    assert.deepEqual(
      [ends('Old'), ends('Young')],
      [
        [0, 0],
        [0, 1],
      ],
    );
    assert.deepEqual([...broker.context.store.topicNames()], ['Young']);
  });
});
