import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { RequestCode, ResponseCode } from '../../src/protocol/codes.ts';
import type { RemotingCommand } from '../../src/protocol/command.ts';
import { makeTempDir } from '../support/tempDir.ts';
import { waitFor } from '../support/waitFor.ts';
import { TestBroker, ask, consumerBeat } from './testBroker.ts';

describe('broker: offsets', () => {
  let broker: TestBroker;
  beforeEach(async () => {
    broker = await TestBroker.start();
    await broker.createTopic('T', 2);
    broker.context.groups.find('G');
  });
  afterEach(() => broker.stop());

  const query = (queueId = 0, more: Record<string, string> = {}): Promise<RemotingCommand> =>
    broker.ask(RequestCode.QUERY_CONSUMER_OFFSET, {
      consumerGroup: 'G',
      topic: 'T',
      queueId: String(queueId),
      ...more,
    });

  const commit = (offset: number, more: Record<string, string> = {}): Promise<RemotingCommand> =>
    broker.ask(RequestCode.UPDATE_CONSUMER_OFFSET, {
      consumerGroup: 'G',
      topic: 'T',
      queueId: '0',
      commitOffset: String(offset),
      ...more,
    });

  const position = async (code: number, more: Record<string, string> = {}): Promise<number> => {
    const answer = await broker.ask(code, { topic: 'T', queueId: '0', ...more });
    assert.equal(answer.code, ResponseCode.SUCCESS);
    return Number(answer.extFields['offset'] ?? answer.extFields['timestamp']);
  };

  it('begins at 0 on a young queue, and has nothing on an empty one', async () => {
    await broker.send('T', 'a');
    const young = await query();
    assert.deepEqual([young.code, young.extFields['offset']], [ResponseCode.SUCCESS, '0']);
    const empty = await query(1);
    assert.deepEqual(
      [empty.code, empty.remark],
      [ResponseCode.QUERY_NOT_FOUND, 'Not found, V3_0_6_SNAPSHOT maybe this group consumer boot first'],
    );
    const asked = await query(0, { setZeroIfNotFound: 'false' });
    assert.deepEqual(
      [asked.code, asked.remark],
      [ResponseCode.QUERY_NOT_FOUND, 'Not found, do not set to zero, maybe this group boot first'],
    );
  });

  it('keeps what was committed, also when it goes back', async () => {
    assert.equal((await commit(7)).code, ResponseCode.SUCCESS);
    assert.equal((await query()).extFields['offset'], '7');
    await commit(3);
    assert.equal((await query()).extFields['offset'], '3');
  });

  it('answers 17 for an unknown topic and 26 for an unknown group, which it does not create', async () => {
    assert.deepEqual((await commit(1, { topic: 'Nope' })).code, ResponseCode.TOPIC_NOT_EXIST);
    assert.deepEqual((await commit(1, { consumerGroup: 'Unknown' })).code, ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST);
  });

  it('takes a negative offset for none, and refuses one that cannot be read', async () => {
    assert.equal((await commit(7)).code, ResponseCode.SUCCESS);
    const illegal = await commit(0, { commitOffset: 'x' });
    assert.deepEqual([illegal.code, illegal.remark], [ResponseCode.INVALID_PARAMETER, 'Offset is null, topic is T']);
    const nowhere = await commit(0, { queueId: '1.5' });
    assert.deepEqual([nowhere.code, nowhere.remark], [ResponseCode.INVALID_PARAMETER, 'QueueId is null, topic is T']);
    assert.equal((await query()).extFields['offset'], '7');
    assert.equal((await commit(-1)).code, ResponseCode.SUCCESS);
    assert.equal((await query()).code, ResponseCode.QUERY_NOT_FOUND);
  });

  it('tells the ends of a queue', async () => {
    assert.equal(await position(RequestCode.GET_EARLIEST_MSG_STORETIME), -1);
    const firstMs = broker.clock.now();
    await broker.send('T', 'a');
    broker.clock.advance(5000);
    await broker.send('T', 'b');
    assert.equal(await position(RequestCode.GET_MAX_OFFSET), 2);
    assert.equal(await position(RequestCode.GET_MIN_OFFSET), 0);
    assert.equal(await position(RequestCode.GET_EARLIEST_MSG_STORETIME), firstMs);
  });

  it('finds offsets by time', async () => {
    const firstMs = broker.clock.now();
    for (const body of ['a', 'b', 'c']) {
      await broker.send('T', body);
      broker.clock.advance(1000);
    }
    const at = (timestamp: number, boundaryType?: string): Promise<number> =>
      position(RequestCode.SEARCH_OFFSET_BY_TIMESTAMP, {
        timestamp: String(timestamp),
        ...(boundaryType === undefined ? {} : { boundaryType }),
      });
    assert.equal(await at(firstMs - 1), 0);
    assert.equal(await at(firstMs + 500), 1);
    assert.equal(await at(firstMs + 500, 'upper'), 0);
    assert.equal(await at(firstMs + 99_000), 3);
  });

  it('survives a restart, in the file and the form of Apache', async () => {
    const directory = makeTempDir('offsets');
    await broker.stop();
    broker = await TestBroker.start({ directory: directory.path });
    await broker.createTopic('T', 2);
    broker.context.groups.find('G');
    await commit(7);
    await broker.clock.advanceAsync(5000);
    const file = path.join(directory.path, 'config', 'consumerOffset.json');
    const text = await waitFor('the file', () => existsSync(file) && readFileSync(file, 'utf8'));
    assert.match(text, /"offsetTable":\{"T@G":\{0:7\}\}/);
    await commit(8);
    await commit(0, { queueId: '1', commitOffset: '9223372036854775807' });
    await broker.stop();
    broker = await TestBroker.start({ directory: directory.path });
    assert.equal((await query()).extFields['offset'], '8');
    assert.equal((await query(1)).extFields['offset'], '9223372036854775807');
    await commit(9);
    await broker.stop();
    const again = readFileSync(file, 'utf8');
    assert.match(again, /"offsetTable":\{"T@G":\{0:9,1:9223372036854775807\}\}/);
    directory.remove();
  });
});

describe('broker: locks of ordered queues', () => {
  let broker: TestBroker;
  beforeEach(async () => (broker = await TestBroker.start()));
  afterEach(() => broker.stop());

  const queue = (queueId: number): object => ({ brokerName: 'broker-a', queueId, topic: 'T' });

  const lock = async (clientId: string, ...queueIds: number[]): Promise<number[]> => {
    const body = { consumerGroup: 'G', clientId, mqSet: queueIds.map(queue) };
    const answer = await broker.ask(RequestCode.LOCK_BATCH_MQ, {}, body);
    const { lockOKMQSet } = JSON.parse(answer.body.toString()) as { lockOKMQSet: { queueId: number }[] };
    return lockOKMQSet.map(({ queueId }) => queueId);
  };

  const unlock = (clientId: string, ...queueIds: number[]): Promise<RemotingCommand> =>
    broker.ask(RequestCode.UNLOCK_BATCH_MQ, {}, { consumerGroup: 'G', clientId, mqSet: queueIds.map(queue) });

  it('gives each queue to one client, who may ask again', async () => {
    assert.deepEqual(await lock('a', 0, 1), [0, 1]);
    assert.deepEqual(await lock('b', 0, 1, 2), [2]);
    assert.deepEqual(await lock('a', 0, 1, 2), [0, 1]);
  });

  it('frees a queue when its owner says so, and nobody else', async () => {
    await lock('a', 0);
    await unlock('b', 0);
    assert.deepEqual(await lock('b', 0), []);
    await unlock('a', 0);
    assert.deepEqual(await lock('b', 0), [0]);
  });

  it('keeps a queue whose owner has gone, as Apache does, until its minute is over', async () => {
    const owner = await broker.connect();
    await ask(owner, RequestCode.HEART_BEAT, {}, consumerBeat('a', 'G', { T: '*' }));
    await ask(owner, RequestCode.LOCK_BATCH_MQ, {}, { consumerGroup: 'G', clientId: 'a', mqSet: [queue(0)] });
    await ask(owner, RequestCode.UNREGISTER_CLIENT, { clientID: 'a', consumerGroup: 'G' });
    owner.dispose();
    assert.deepEqual(await lock('b', 0), []);
    broker.clock.advance(60_001);
    assert.deepEqual(await lock('b', 0), [0]);
  });

  it('frees a queue that was not refreshed for a minute', async () => {
    await lock('a', 0);
    broker.clock.advance(50_000);
    await lock('a', 0);
    broker.clock.advance(60_000);
    assert.deepEqual(await lock('b', 0), []);
    broker.clock.advance(1);
    assert.deepEqual(await lock('b', 0), [0]);
  });
});
